import { startSimulator, type Rule } from '@harbor/simulator'
import { getEventListeners } from 'node:events'
import { APIUserAbortError, Harbor, type HarborOptions } from '../../src/index.ts'
import type { Ask } from '../foreign/row.ts'
import { ROWS } from '../foreign/rows.ts'
import { MODELS, numberOf, startEchoServer } from './echo-server.ts'

const CALLERS = 64
const LIMIT_USD = 0.5
/** How many of the calls to the odd provider get an odd answer. */
const ODD = 0.3

/** What a storm came to; a list that should be empty says what was wrong. */
export interface StormReport {
  readonly calls: number
  readonly answered: number
  readonly aborted: number
  readonly failed: number
  /** Answers that were not their caller's. */
  readonly wrong: readonly string[]
  /** Failures that are no error in words: something other than an Error, or without a message. */
  readonly strange: readonly string[]
  /** Unhandled rejections, uncaught exceptions and warnings of the process. */
  readonly unhandled: readonly string[]
  /** Circuits of the healthy provider that opened. */
  readonly opened: readonly string[]
  /** What is still held when all is over: connections, places in a queue, listeners. */
  readonly held: readonly string[]
  readonly limited: {
    readonly limitUsd: number
    readonly chargedUsd: number
    readonly spentUsd: number
    readonly refused: number
  }
  readonly heapMegabytes: { readonly early: number; readonly late: number }
}

/**
 * 64 callers over every feature at once: tenants, copies, caches, batches of embeddings, streams that are left, aborts, short timeouts,
 * requests that make no sense, a provider that answers oddly in every way of the table, and one that is healthy.
 *
 * @param until when it is over: after this number of calls, which is the same on a slow machine, or after a time in milliseconds
 */
export async function storm({
  until,
  seed,
}: {
  until: { readonly calls: number } | { readonly ms: number }
  seed: number
}): Promise<StormReport> {
  const random = seededRandom(seed)
  await using echo = await startEchoServer()
  await using simulator = await startSimulator({ seed, providers: { odd: { rules: oddRules() } } })
  const unhandled = watchProcess()
  const opened: string[] = []
  const wrong = new Set<string>()
  const strange = new Set<string>()
  const shared = new AbortController()
  const counts = { calls: 0, answered: 0, aborted: 0, failed: 0, refused: 0 }

  const common = {
    logLevel: 'off',
    models: MODELS,
    retry: { baseDelayMs: 2, maxDelayMs: 20 },
  } as const satisfies HarborOptions
  const healthy = watched({
    ...common,
    apiKey: 'base',
    baseURL: echo.baseURL,
    cache: { when: 'always', ttlMs: 500 },
    embeddingBatch: true,
    limits: { requestsPerMinute: 1_000_000 },
  })
  const limited = watched({
    ...common,
    apiKey: 'limited',
    baseURL: echo.baseURL,
    spendLimit: { usd: LIMIT_USD, per: 'total' },
    hedge: { afterMs: 20 },
    providers: { second: { apiKey: 'limited', baseURL: echo.baseURL } },
    fallback: ['second/m'],
  })
  const odd = watched({
    ...common,
    apiKey: 'odd',
    baseURL: simulator.provider('odd').baseURL,
    providers: { steady: { apiKey: 'steady', baseURL: echo.baseURL } },
    fallback: { '*': ['steady/m'] },
    cache: { when: 'always', keepFallbackAnswers: true, ttlMs: 200 },
    embeddingBatch: true,
    // An odd answer that never comes must not use up the time of the healthy provider, which a busy machine may need.
    timeout: 120_000,
    timeouts: { attemptMs: 20_000 },
  })
  const clients = [healthy, limited, odd]

  function watched(options: HarborOptions): Harbor {
    const harbor = new Harbor(options)
    harbor.on('breaker', ({ target, state }) => {
      if (
        state === 'open' &&
        target !== 'openai/gpt-4' &&
        !(options.apiKey === 'odd' && target.startsWith('openai/'))
      ) {
        opened.push(`${String(options.apiKey)}: ${target}`)
      }
    })
    return harbor
  }

  async function caller(): Promise<void> {
    while (progress() < part) {
      counts.calls++
      try {
        await oneCall()
        counts.answered++
      } catch (error) {
        note(error)
        // A loop of refusals would keep the event loop from everything else.
        await new Promise((resolve) => setTimeout(resolve, 1 + random() * 4))
      }
    }
  }

  function note(error: unknown): void {
    if (error instanceof APIUserAbortError) counts.aborted++
    else counts.failed++
    if (!(error instanceof Error) || error.message === '') strange.add(String(error))
    if ((error as { status?: unknown }).status === 402) counts.refused++
  }

  async function oneCall(): Promise<void> {
    const dice = random()
    if (dice < 0.35) return askOdd()
    if (dice < 0.45) return askLimited()
    return askHealthy()
  }

  /** Every tenant by its own way: a copy with a key, a copy with a header, a header of the call. */
  async function askHealthy(): Promise<void> {
    const tenant = pick(TENANTS)
    const way = random()
    const [client, options] =
      way < 0.4
        ? [healthy.withOptions({ apiKey: tenant }), {}]
        : way < 0.7
          ? [healthy.withOptions({ defaultHeaders: { 'x-tenant': tenant } }), {}]
          : [healthy, { headers: { 'x-tenant': tenant } }]
    const question = pick(QUESTIONS)
    const request = { ...options, ...signal() }
    const kind = random()
    if (kind < 0.2) {
      const { data } = await client.embeddings.create({ model: 'm', input: question }, request)
      check(data[0]?.embedding.join(), `${question.length},${numberOf(tenant)}`)
    } else if (kind < 0.4) {
      const reply = await client.responses.create({ model: 'm', input: question }, request)
      check(reply.output_text, `${tenant}|${question}`)
    } else if (kind < 0.7) {
      const reply = await client.chat.completions.create(chat(question), request)
      check(reply.choices[0]?.message.content, `${tenant}|${question}`)
    } else {
      let text = ''
      for await (const chunk of await client.chat.completions.create(
        { ...chat(question), stream: true },
        request,
      )) {
        text += chunk.choices[0]?.delta.content ?? ''
        if (text !== '' && random() < 0.05) return // left in its middle
      }
      check(text, `${tenant}|${question}`)
    }
  }

  async function askLimited(): Promise<void> {
    await limited.chat.completions.create(chat(pick(QUESTIONS)), signal())
  }

  async function askOdd(): Promise<void> {
    const ask = pick(ASKS)
    const stream = ask.endsWith(' stream')
    const content = pick(QUESTIONS)
    const model = 'm'
    if (ask.startsWith('chat'))
      await drain(await odd.chat.completions.create({ ...chat(content), stream }, signal()))
    else if (ask.startsWith('completions'))
      await drain(await odd.completions.create({ model, prompt: content, stream }, signal()))
    else if (ask.startsWith('responses'))
      await drain(await odd.responses.create({ model, input: content, stream }, signal()))
    else await odd.embeddings.create({ model, input: content }, signal())
  }

  async function drain(answer: object): Promise<void> {
    if (!(Symbol.asyncIterator in answer)) return
    let chunks = 0
    for await (const _ of answer as AsyncIterable<unknown>) if (++chunks > 3 && random() < 0.02) return
  }

  function check(got: string | null | undefined, expected: string): void {
    if (got !== expected) wrong.add(`expected ${expected}, got ${String(got)}`)
  }

  /** Most callers wait; some abort, some have a clock of their own, some a short timeout. */
  function signal(): { signal?: AbortSignal; timeout?: number } {
    const dice = random()
    if (dice < 0.06) return { signal: AbortSignal.timeout(1 + Math.floor(random() * 30)) }
    if (dice < 0.12) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new Error('changed my mind')), random() * 30)
      return { signal: controller.signal }
    }
    if (dice < 0.18) return { timeout: 1 + Math.floor(random() * 40) }
    return dice < 0.5 ? { signal: shared.signal } : {}
  }

  function pick<T>(from: readonly T[]): T {
    return from[Math.floor(random() * from.length)] as T
  }

  const startedAt = performance.now()
  const progress = (): number =>
    'calls' in until ? counts.calls / until.calls : (performance.now() - startedAt) / until.ms
  let part = 0.2
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const early = await heapMegabytes()
  part = 1
  await Promise.all(Array.from({ length: CALLERS }, caller))
  await simulator.provider('odd').whenIdle()
  const late = await heapMegabytes()

  const held = clients.flatMap((harbor) => stillHeld(harbor))
  const listeners = getEventListeners(shared.signal, 'abort').length
  if (listeners > 0) held.push(`${listeners} listeners of a caller's signal`)
  const { spentUsd } = limited.stats().cost
  await Promise.all(clients.map((harbor) => harbor.close()))
  const connections = await leftOf(() => echo.connections())
  if (connections > 0) held.push(`${connections} connections after close()`)
  return {
    ...counts,
    wrong: [...wrong],
    strange: [...strange],
    opened,
    held,
    unhandled: unhandled.stop(),
    limited: {
      limitUsd: LIMIT_USD,
      chargedUsd: echo.charged.get('limited') ?? 0,
      spentUsd,
      refused: counts.refused,
    },
    heapMegabytes: { early, late },
  }
}

const TENANTS = ['ada', 'bob', 'cyd', 'dot']
const QUESTIONS = ['one', 'two', 'three', 'slow four', 'bad five', 'sechs', '七', 'slow eight']
const ASKS: readonly Ask[] = [
  'chat',
  'chat stream',
  'completions',
  'completions stream',
  'responses',
  'responses stream',
  'embeddings',
]

function chat(content: string) {
  return { model: 'm', temperature: 0, max_tokens: 10, messages: [{ role: 'user' as const, content }] }
}

/** Each row of the table now and then, to the requests that it is for. */
function oddRules(): Rule[] {
  const rows = ROWS.flatMap(({ answer, to }) => to.map((ask) => ({ answer, ask })))
  return rows.map(({ answer, ask }) => {
    const alike = rows.filter((row) => row.ask === ask).length
    const operation = ask.split(' ')[0] === 'completions' ? 'other' : (ask.split(' ')[0] as 'chat')
    return {
      when: { operation, stream: ask.endsWith(' stream'), probability: ODD / alike },
      fault: { type: 'raw', ...answer },
    }
  })
}

function stillHeld(harbor: Harbor): string[] {
  const { pool, limits, closed } = harbor.stats()
  const places = Object.entries(pool)
    .filter(([, { busy, queued }]) => busy + queued > 0)
    .map(([origin, { busy, queued }]) => `${origin}: ${busy} busy, ${queued} queued`)
  const waiting = Object.entries(limits).filter(([, { rate }]) => rate.inFlight + rate.waiting > 0)
  return [...places, ...waiting.map(([group]) => `limits of ${group}`), ...(closed ? ['closed'] : [])]
}

/** Waits until a number is 0, since a busy process notices late that a socket was closed. Returns what is left of it after 100 s. */
async function leftOf(count: () => Promise<number>): Promise<number> {
  const endsAt = performance.now() + 100_000
  let left = await count()
  while (left > 0 && performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    left = await count()
  }
  return left
}

async function heapMegabytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** Everything that a process would die of, or print. */
function watchProcess(): { stop(): readonly string[] } {
  const seen: string[] = []
  const note = (error: unknown): void =>
    void seen.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const events = ['unhandledRejection', 'uncaughtException', 'warning'] as const
  for (const event of events) process.on(event, note)
  return {
    stop: () => {
      for (const event of events) process.off(event, note)
      return seen
    },
  }
}

/** mulberry32. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
