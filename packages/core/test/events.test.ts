import type { Fault } from '@harbor/simulator'
import { describe, expect, it, vi } from 'vitest'
import { perCall, receiptOf, type Harbor, type HarborEvents, type HarborOptions } from '../src/index.ts'
import { FEATURES } from './helpers/sdk-features.ts'
import { collect, rejection } from './helpers/sdk-versions.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const NAMES = ['call', 'attempt', 'retry', 'end'] as const

type Told = { [Name in (typeof NAMES)[number]]: { name: Name } & HarborEvents[Name] }[(typeof NAMES)[number]]

/** All events of a client, in order. */
function listen(harbor: Harbor): Told[] {
  const told: Told[] = []
  for (const name of NAMES) harbor.on(name, (event) => told.push({ name, ...event } as Told))
  return told
}

const BUSY: Fault = { type: 'status', status: 503, retryAfter: 3 }

describe('harbor.on', () => {
  it('emits the events of a call in order: call, attempt, retry, attempt, end', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { retry: { random: () => 0 } })
    const told = listen(harbor)
    provider.fail(BUSY)
    const receipt = receiptOf(await harbor.chat.completions.create(HELLO))
    const [first, second] = receipt?.attempts ?? []
    expect(told).toEqual([
      { name: 'call', receipt },
      { name: 'attempt', receipt, attempt: first },
      { name: 'retry', receipt, attempt: first, delayMs: 3, reason: 'retry-after' },
      { name: 'attempt', receipt, attempt: second },
      { name: 'end', receipt },
    ])
    expect(first).toMatchObject({ number: 1, status: 503, failure: { kind: 'server', retryAfterMs: 3 } })
    expect(second).toMatchObject({ number: 2, status: 200, waitedMs: 3, waitedFor: 'retry-after' })
  })

  it('emits the last attempt and the end of a stream once it has been read', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    const told = listen(harbor)
    provider.fail(BUSY)
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    const names = (): string[] => told.map(({ name }) => name)
    expect(names()).toEqual(['call', 'attempt', 'retry'])
    await collect(stream)
    expect(names()).toEqual(['call', 'attempt', 'retry', 'attempt', 'end'])
    expect(told.at(-1)?.receipt).toBe(receiptOf(stream))
  })

  it('emits each attempt of a failed call, and one retry less', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: BUSY }] } } })
    const harbor = harborFor(provider)
    const told = listen(harbor)
    await rejection(harbor.chat.completions.create(HELLO))
    const names = told.map(({ name }) => name)
    expect(names).toEqual(['call', 'attempt', 'retry', 'attempt', 'retry', 'attempt', 'end'])
    expect(told.at(-1)?.receipt.outcome).toBe('failure')
  })

  it('passes an open receipt when a call starts, and the same one closed when it ends', async () => {
    const harbor = harborFor(await simulate())
    const outcomes: string[] = []
    harbor.on('call', ({ receipt }) => outcomes.push(receipt.outcome))
    harbor.on('attempt', ({ receipt, attempt }) => outcomes.push(receipt.outcome, typeof attempt.durationMs))
    harbor.on('end', ({ receipt }) => outcomes.push(receipt.outcome))
    await harbor.chat.completions.create(HELLO)
    expect(outcomes).toEqual(['pending', 'pending', 'number', 'success'])
  })

  it('does not call a listener that was removed, and still calls the others', async () => {
    const harbor = harborFor(await simulate())
    const [kept, gone] = [vi.fn(), vi.fn()]
    const off = harbor.on('end', gone)
    harbor.on('end', kept)
    off()
    await harbor.chat.completions.create(HELLO)
    expect(kept).toHaveBeenCalledTimes(1)
    expect(gone).not.toHaveBeenCalled()
  })

  it('does not let listeners change a result: their errors cause one warning for each event', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const harbor = harborFor(await simulate())
    const broken = (): never => {
      throw new Error('a broken listener')
    }
    for (const name of NAMES) harbor.on(name, broken)
    for (let call = 0; call < 2; call++) {
      const completion = await harbor.chat.completions.create(HELLO, perCall({ onReceipt: broken }))
      expect(completion.choices).toHaveLength(1)
    }
    const texts = warned.mock.calls.map(([text]) => String(text))
    expect(texts).toContainEqual(expect.stringContaining("A listener of 'call' threw"))
    expect(new Set(texts).size).toBe(texts.length)
    warned.mockRestore()
  })
})

const PROMPT = 'the-prompt-that-nobody-may-see'
const REPLY = 'the-answer-that-nobody-may-see'
const KEY = 'sk-the-key-that-nobody-may-see'
const ECHO = `${PROMPT} ${REPLY} ${KEY}`

/** Answers of providers that repeat what they were sent. */
const INDISCREET: readonly (Fault | 'ok')[] = [
  'ok',
  { type: 'status', status: 400, message: ECHO },
  { type: 'status', status: 401, message: ECHO },
  { type: 'status', status: 429, message: ECHO, headers: { 'x-echo': ECHO } },
  { type: 'status', status: 500, body: ECHO },
  { type: 'status', status: 502, html: true },
  { type: 'error-200', message: ECHO },
  { type: 'play-json', body: `{"choices":[{"message":"${ECHO}` },
  { type: 'play-json', body: ECHO, headers: { 'content-type': 'text/html' } },
  { type: 'play', events: [`{"choices":[{"delta":{"content":"${ECHO}`] },
  { type: 'stream-error', afterEvents: 0, message: ECHO },
  { type: 'stream-error', afterEvents: 3, message: ECHO, event: true },
  { type: 'stream-cut', afterEvents: 3, inside: true },
  { type: 'stream-garbage', afterEvents: 3 },
  { type: 'reset', when: 'before-headers' },
]

interface Spied {
  readonly told: readonly unknown[]
  readonly lines: readonly string[]
}

/** Makes one call of each kind and collects everything that Harbor reports about it, except results and errors. */
async function spyOn(fault: Fault | 'ok', options: HarborOptions): Promise<Spied> {
  const provider = await simulate({ providers: { openai: { reply: REPLY, rules: [{ fault }] } } })
  const lines: string[] = []
  const write = (...line: unknown[]): void => {
    lines.push(line.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(' '))
  }
  const logger = { error: write, warn: write, info: write, debug: write }
  const harbor = harborFor(provider, { apiKey: KEY, maxRetries: 1, logger, ...options })
  const told: unknown[] = listen(harbor)
  const wishes = perCall({ onReceipt: (receipt) => told.push(receipt) })
  const body = { model: 'gpt-4', messages: [{ role: 'user' as const, content: PROMPT }] }
  const calls = [
    harbor.chat.completions.create(body, wishes),
    harbor.chat.completions.create({ ...body, stream: true }, wishes).then(collect),
    harbor.responses.create({ model: 'gpt-4', input: PROMPT }, wishes),
    harbor.responses.create({ model: 'gpt-4', input: PROMPT, stream: true }, wishes).then(collect),
    harbor.embeddings.create({ model: 'text-embedding-3-small', input: PROMPT }, wishes),
  ]
  for (const call of await Promise.allSettled(calls)) {
    const holder: unknown = call.status === 'fulfilled' ? call.value : call.reason
    told.push(receiptOf(holder), harbor.stats())
  }
  expect(told.length).toBeGreaterThan(3 * calls.length)
  return { told, lines }
}

function expectDiscretion(text: string): void {
  for (const secret of [PROMPT, REPLY, KEY]) expect(text).not.toContain(secret)
}

describe('prompts, answers and keys', () => {
  it.each(INDISCREET)('are in no event, receipt or log line after %j', async (fault) => {
    const { told, lines } = await spyOn(fault, { logLevel: 'info' })
    expectDiscretion(JSON.stringify(told))
    expectDiscretion(lines.join('\n'))
    expect(lines.length).toBeGreaterThan(0)
  })

  it.each(INDISCREET)('are in no debug line of Harbor after %j', async (fault) => {
    const { lines } = await spyOn(fault, { logLevel: 'debug' })
    const own = lines.filter((line) => line.includes('[harbor]'))
    expectDiscretion(own.join('\n'))
    expect(own.length).toBeGreaterThanOrEqual(5)
  })

  it('would be found by these tests: the simulator sends this reply and receives this key', async () => {
    const provider = await simulate({ providers: { openai: { reply: REPLY } } })
    const harbor = harborFor(provider, { apiKey: KEY })
    const { choices } = await harbor.chat.completions.create(HELLO)
    expect(choices[0]?.message.content).toBe(REPLY)
    expect(provider.requests()[0]?.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  it.each(FEATURES)('are not in the receipts of $name, not even one word', async ({ use }) => {
    const receipts: unknown[] = []
    const provider = await simulate()
    const harbor = harborFor(provider, { apiKey: KEY })
    await use(harbor, perCall({ onReceipt: (receipt) => receipts.push(receipt) }))
    const told = new Set(stringsIn(receipts))
    const sent = provider.requests().flatMap(({ body }) => stringsIn({ ...(body as object), model: KEY }))
    expect(told.size).toBeGreaterThan(3)
    expect(sent.filter((text) => told.has(text))).toEqual([])
  })
})

/** Every string inside a value, however deep. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}
