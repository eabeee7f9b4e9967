import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { perCall, type Harbor, type HarborOptions } from '../src/index.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'
import { CHAT_ANSWER } from './helpers/http-server.ts'
import { observing } from './helpers/observing.ts'

const CALLS = 10_000
const encoder = new TextEncoder()
const event = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`

/** How the provider treats the next request; each is as likely as the others. */
const BEHAVIOURS = ['answer', 'busy', 'refuse', 'hang', 'cut', 'stall', 'broken', 'slow'] as const

/** A provider in this process. It is chosen at random how it treats each request. */
function randomFetch(next: () => (typeof BEHAVIOURS)[number]): typeof globalThis.fetch {
  return async (_, init = {}) => {
    const { signal } = init
    const behaviour = next()
    const aborted = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
    aborted.catch(() => undefined)
    await Promise.resolve()
    signal?.throwIfAborted()
    if (behaviour === 'hang') return aborted
    if (behaviour === 'refuse') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    if (behaviour === 'busy') return new Response('busy', { status: 503 })
    if (behaviour === 'broken') return new Response('<html>')
    if (behaviour === 'slow') await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, 3))])
    const { stream, input } = JSON.parse(init.body as string) as { stream?: boolean; input?: unknown }
    if (input !== undefined) return Response.json(embeddings([input].flat().length))
    if (!stream) return Response.json(CHAT_ANSWER)
    return new Response(streamOf(behaviour, aborted), { headers: { 'content-type': 'text/event-stream' } })
  }
}

const embeddings = (count: number): object => ({
  object: 'list',
  data: Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding: [1] })),
})

async function* streamOf(behaviour: string, aborted: Promise<never>): AsyncGenerator<Uint8Array> {
  yield encoder.encode(event({ role: 'assistant', content: 'Hello' }))
  yield encoder.encode(event({ content: ' there' }))
  if (behaviour === 'cut') throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  if (behaviour === 'stall') await aborted
  yield encoder.encode(`${event({}, 'stop')}data: [DONE]\n\n`)
}

const call = fc.record({
  kind: fc.constantFrom('json', 'stream', 'embedding'),
  /** How long the caller waits before it leaves, in milliseconds; undefined if it stays. */
  leavesAfter: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 2 }),
  reads: fc.constantFrom('all', 'one', 'nothing'),
  question: fc.integer({ min: 0, max: 400 }),
})
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

async function make(harbor: Harbor, { kind, leavesAfter, reads, question }: Call): Promise<void> {
  const controller = new AbortController()
  if (leavesAfter !== undefined) setTimeout(() => controller.abort(), leavesAfter)
  const options = { ...perCall({ timeouts: { attemptMs: 8, idleMs: 8 } }), signal: controller.signal }
  const request = { ...HELLO, temperature: 0, seed: question }
  try {
    if (kind === 'embedding') await harbor.embeddings.create({ model: 'e', input: `t${question}` }, options)
    else if (kind === 'json') await harbor.chat.completions.create(request, options)
    else {
      const stream = await harbor.chat.completions.create({ ...request, stream: true }, options)
      if (reads === 'nothing') return
      for await (const _chunk of stream) if (reads === 'one') break
    }
  } catch {
    // Most of these calls fail, which is not what this test is about.
  }
}

const backup = { apiKey: 'k', baseURL: 'http://backup/v1' }
const CLIENTS: Readonly<Record<string, HarborOptions>> = {
  plain: {},
  'with cache, batches and prefetch': { cache: true, embeddingBatch: true, prefetch: { minConfidence: 0.1 } },
  'with fallback and hedges': {
    providers: { backup },
    fallback: ['backup/gpt-4'],
    hedge: { afterMs: 2, maxExtraRatio: 1 },
  },
  'with limits': { limits: { requestsPerMinute: 1_000_000, burstMs: 50 }, cache: true },
}

describe('10,000 calls with random aborts, cuts and unread streams', () => {
  it.each(Object.entries(CLIENTS))(
    'have one end for each start, and one attemptEnded for each attempt: %s',
    async (_, options) => {
      const { observer, calls } = observing()
      const [seed = 0] = fc.sample(fc.integer(), 1)
      const behaviours = fc.sample(fc.constantFrom(...BEHAVIOURS), { numRuns: 997, seed })
      let requests = 0
      const fetch = randomFetch(() => behaviours[requests++ % 997] ?? 'answer')
      const harbor = harborFor(
        { baseURL: 'http://localhost/v1' },
        { telemetry: observer, fetch, breaker: false, retry: { baseDelayMs: 1, maxDelayMs: 2 }, ...options },
      )
      const all = fc.sample(call, { numRuns: CALLS / 4, seed })
      for (let from = 0; from < all.length; from += 250)
        await Promise.all(all.slice(from, from + 250).map((each) => make(harbor, each)))
      await harbor.close({ graceMs: 0 })
      const open = (): readonly string[] => {
        globalThis.gc?.() // a cached stream without a reader ends when it is collected
        return calls
          .filter(({ ends, attempts, ended }) => ends !== 1 || attempts.length !== ended.length)
          .map(({ role, events }) => `${role}: ${events.join(', ')}`)
      }
      await expect.poll(open, { message: `seed ${seed}`, timeout: 5_000 }).toEqual([])
      expect(calls.length).toBeGreaterThanOrEqual(CALLS / 4)
      for (const { attempts, ended, events } of calls) {
        expect(new Set(ended)).toEqual(new Set(attempts))
        expect(new Set(ended).size).toBe(ended.length)
        expect(events.at(-1)).toBe('end')
      }
    },
    120_000,
  )
})
