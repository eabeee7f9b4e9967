import { startSimulator, type Fault, type SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  perCall,
  receiptOf,
  type Harbor,
  type HarborOptions,
  type PerCallOptions,
  type Receipt,
} from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'

/** What a call came to, as its reader saw it. */
interface Reading {
  readonly text: string
  readonly receipt: Receipt | undefined
  /** `x-harbor-cache`. */
  readonly cache: string | null
}

interface Asked extends PerCallOptions {
  readonly signal?: AbortSignal
  /** Called after each chunk. */
  readonly onChunk?: (number: number) => void | Promise<void>
}

interface Form {
  readonly name: string
  readonly streaming: boolean
  readonly open: (harbor: Harbor, options: object) => Promise<Response>
}

const MESSAGES = [{ role: 'user' as const, content: 'Say hello.' }]
const CHAT = { model: 'gpt-4', temperature: 0, messages: MESSAGES }
const RESPONSES = { model: 'gpt-4', store: false, input: 'Say hello.' }

const FORMS: readonly Form[] = [
  {
    name: 'chat (JSON)',
    streaming: false,
    open: (harbor, options) => harbor.chat.completions.create(CHAT, options).asResponse(),
  },
  {
    name: 'chat (SSE)',
    streaming: true,
    open: (harbor, options) =>
      harbor.chat.completions.create({ ...CHAT, stream: true }, options).asResponse(),
  },
  {
    name: 'responses (JSON)',
    streaming: false,
    open: (harbor, options) => harbor.responses.create(RESPONSES, options).asResponse(),
  },
  {
    name: 'responses (SSE)',
    streaming: true,
    open: (harbor, options) => harbor.responses.create({ ...RESPONSES, stream: true }, options).asResponse(),
  },
  {
    name: 'embeddings (JSON)',
    streaming: false,
    open: (harbor, options) =>
      harbor.embeddings.create({ model: 'text-embedding-3-small', input: 'hello' }, options).asResponse(),
  },
]

describe.each(FORMS)('$name', ({ streaming, open }) => {
  async function ask(harbor: Harbor, { signal, onChunk, ...asked }: Asked = {}): Promise<Reading> {
    const response = await open(harbor, { ...perCall(asked), ...(signal && { signal }) })
    let text = ''
    let number = 0
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true })
      await onChunk?.(++number)
    }
    return { text, receipt: receiptOf(response), cache: response.headers.get('x-harbor-cache') }
  }

  async function client(options: HarborOptions = {}, slowly = false): Promise<[SimulatedProvider, Harbor]> {
    // Slow enough for an abort or another caller to arrive before the end, also on a busy machine.
    const mean = streaming ? 60 : 600
    const script = slowly ? { latency: { mean, sigma: 0 }, tokenMs: 30 } : {}
    const simulator = await startSimulator({ providers: { openai: script } })
    onTestFinished(() => simulator.close())
    const provider = simulator.provider()
    return [provider, harborFor(provider, { cache: true, ...options })]
  }

  /** JSON shows nothing of itself until it is whole: this is when its provider has the request. */
  async function reached(provider: SimulatedProvider): Promise<void> {
    while (provider.counts().calls === 0) await new Promise((resolve) => setImmediate(resolve))
  }

  it('is requested once, and then returned byte for byte', async () => {
    const [provider, harbor] = await client()
    const cold = await ask(harbor)
    expect(cold).toMatchObject({
      cache: 'miss',
      receipt: { cache: { status: 'miss', reason: 'absent', stored: true }, attempts: [{ status: 200 }] },
    })
    const hit = await ask(harbor)
    expect(hit).toMatchObject({
      cache: 'hit',
      text: cold.text,
      receipt: { outcome: 'success', target: cold.receipt?.target, cache: { status: 'hit' }, attempts: [] },
    })
    expect(hit.receipt?.finishReasons).toEqual(cold.receipt?.finishReasons)
    expect(hit.receipt?.usage).toEqual(cold.receipt?.usage)
    expect(provider.counts().calls).toBe(1)
    expect(harbor.stats().cache).toMatchObject({ hits: 1, misses: 1, stored: 1, ratio: 0.5 })
    expect(cold.text).toBe(await sameFromTheWire(provider))
  })

  /** The provider's answer to the same request of another caller. */
  async function sameFromTheWire(provider: SimulatedProvider): Promise<string> {
    const [request] = provider.requests()
    const url = new URL(request?.path ?? '', provider.baseURL)
    const body = JSON.stringify(request?.body)
    return (await fetch(url, { method: 'POST', body })).text()
  }

  it('is requested once for concurrent callers', async () => {
    const [provider, harbor] = await client({}, true)
    const readings = await Promise.all(Array.from({ length: 20 }, () => ask(harbor)))
    expect(new Set(readings.map(({ text }) => text)).size).toBe(1)
    expect(readings.map(({ cache }) => cache)).toEqual([
      'miss',
      ...Array.from({ length: 19 }, () => 'shared'),
    ])
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 0 })
    expect(harbor.stats()).toMatchObject({ calls: 20, attempts: 1, cache: { shared: 19 } })
  })

  it('reaches a caller that joins late completely', async () => {
    const [provider, harbor] = await client({}, true)
    let late: Promise<Reading> | undefined
    const join = (): void => {
      late ??= ask(harbor)
    }
    if (!streaming) void reached(provider).then(join)
    const first = await ask(harbor, { onChunk: (number) => (number === 3 ? join() : undefined) })
    expect(await late).toMatchObject({ text: first.text, cache: 'shared' })
    expect(provider.counts().calls).toBe(1)
  })

  it('reaches the other callers completely when the first reader leaves', async () => {
    const [provider, harbor] = await client({}, true)
    const leaving = new AbortController()
    const first = ask(harbor, { signal: leaving.signal, onChunk: () => leaving.abort() }).catch(
      () => undefined,
    )
    if (!streaming) void reached(provider).then(() => leaving.abort())
    const other = await ask(harbor)
    await first
    expect(leaving.signal.aborted).toBe(true)
    expect(other.cache).toBe('shared')
    expect(await ask(harbor)).toMatchObject({ text: other.text, cache: 'hit' })
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 0 })
  })

  it('is aborted when all callers have left, and is not cached', async () => {
    const [provider, harbor] = await client()
    provider.fail(streaming ? { type: 'stream-stall', afterEvents: 8 } : { type: 'hang' })
    const leaving = new AbortController()
    const { signal } = leaving
    const readings = [0, 1].map(() => ask(harbor, { signal, onChunk: () => leaving.abort() }))
    if (!streaming) void reached(provider).then(() => leaving.abort())
    await Promise.allSettled(readings)
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1 })
    expect((await ask(harbor)).cache).toBe('miss')
    expect(harbor.stats().cache.entries).toBe(1)
  })

  it('is not cached when it fails: all waiting callers get the error, and the next one sends again', async () => {
    const [provider, harbor] = await client({ retry: false })
    const fault: Fault = streaming ? { type: 'stream-cut', afterEvents: 8 } : status(501)
    provider.fail(fault)
    const outcomes = await Promise.allSettled([ask(harbor), ask(harbor)])
    expect(provider.counts().calls).toBe(1)
    if (streaming) {
      const texts = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined))
      expect(texts[0]?.text).toContain('stream_incomplete')
      expect(texts[1]?.text).toBe(texts[0]?.text)
      expect(texts.map((reading) => reading?.receipt?.outcome)).toEqual(['failure', 'failure'])
    } else {
      const errors = outcomes.map((outcome) =>
        outcome.status === 'rejected' ? (outcome.reason as unknown) : undefined,
      )
      expect(errors).toMatchObject([{ status: 501 }, { status: 501 }])
      expect(errors.map((error) => receiptOf(error)?.cache?.status)).toEqual(['miss', 'shared'])
      expect(errors.map((error) => receiptOf(error)?.attempts.length)).toEqual([1, 0])
    }
    expect((await ask(harbor)).cache).toBe('miss')
    expect(harbor.stats().cache.stored).toBe(1)
  })

  it('is not cached when its body is cut, broken or an error', async () => {
    const [provider, harbor] = await client({ retry: false, breaker: false })
    const faults: readonly Fault[] = streaming
      ? [
          { type: 'stream-cut', afterEvents: 8, inside: true },
          { type: 'stream-end', afterEvents: 8 },
          { type: 'stream-garbage', afterEvents: 8 },
          { type: 'stream-error', afterEvents: 8 },
        ]
      : [
          { type: 'stream-cut', afterEvents: 0, inside: true },
          { type: 'broken-json' },
          { type: 'error-200' },
          { type: 'empty-body' },
        ]
    for (const fault of faults) {
      provider.fail(fault)
      const { text } = await ask(harbor).catch(() => ({ text: '"error"' }))
      expect(text).toContain('"error"')
    }
    expect(harbor.stats().cache).toMatchObject({ misses: 4, stored: 0, entries: 0 })
    expect((await ask(harbor)).cache).toBe('miss')
  })

  it('is returned stale in an outage, with a receipt that says so, and never instead of a refusal', async () => {
    const [provider, harbor] = await client({ retry: false, cache: { ttlMs: 1, refreshBackoffMs: 1 } })
    const { text } = await ask(harbor)
    await new Promise((resolve) => setTimeout(resolve, 10))
    provider.fail(status(503))
    expect(await ask(harbor)).toMatchObject({
      text,
      cache: 'stale',
      receipt: {
        outcome: 'success',
        degraded: true,
        cache: { status: 'stale', reason: 'load-failed' },
        attempts: [{ status: 503 }],
      },
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    provider.fail(status(400))
    expect(await failureOf(ask(harbor))).toMatchObject({ status: 400 })
  })

  it('belongs to its own tenant and key', async () => {
    const [provider, harbor] = await client()
    await ask(harbor)
    expect((await ask(harbor, { scope: 'tenant' })).cache).toBe('miss')
    expect((await ask(harbor, { scope: 'tenant' })).cache).toBe('hit')
    const other = harbor.withOptions({ apiKey: 'another-key' })
    expect((await ask(other)).cache).toBe('miss')
    expect((await ask(other)).cache).toBe('hit')
    expect(provider.counts().calls).toBe(3)
  })

  it('is bypassed, refreshed or required from the cache, as the call says', async () => {
    const [provider, harbor] = await client()
    expect(await failureOf(ask(harbor, { cache: 'only-if-cached' }))).toMatchObject({
      status: 504,
      code: 'not_cached',
    })
    expect(provider.counts().calls).toBe(0)
    expect((await ask(harbor, { cache: 'bypass' })).cache).toBe('bypass')
    expect((await ask(harbor)).cache).toBe('miss')
    expect((await ask(harbor, { cache: 'only-if-cached' })).cache).toBe('hit')
    expect((await ask(harbor, { cache: 'refresh' })).cache).toBe('miss')
    expect(provider.counts().calls).toBe(3)
    expect((await ask(harbor)).cache).toBe('hit')
  })
})
