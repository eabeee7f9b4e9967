import { perCall, type Harbor, type HarborOptions } from '@harbor/core'
import { describe, expect, it } from 'vitest'
import { HELLO, simulate, status, traced, type Traced } from './helpers/clients.ts'
import { watchUndici, type CreatedRequest } from './helpers/watch-undici.ts'

const ask = (harbor: Harbor, more: object = {}): PromiseLike<unknown> =>
  harbor.chat.completions.create({ ...HELLO, ...more })

async function client(options: HarborOptions = {}): Promise<Traced & { created: readonly CreatedRequest[] }> {
  const made = await traced(options, { attemptSpans: 'always', propagate: true })
  return { ...made, created: watchUndici() }
}

/** Expects that each request has left in the context of the span of its own attempt. @returns the number of requests */
async function expectOwnSpans({ created, spans, open }: Awaited<ReturnType<typeof client>>): Promise<number> {
  await expect.poll(open).toBe(0)
  const attempts = spans().filter(({ attributes }) => 'harbor.attempt.number' in attributes)
  const ids = attempts.map((span) => span.spanContext().spanId)
  expect(created.filter(({ sent, active }) => sent !== active)).toEqual([])
  expect(created.map(({ active }) => active).toSorted()).toEqual(ids.toSorted())
  return created.length
}

describe('the async context in which a request leaves', () => {
  it('has the span of its attempt, for calls one after the other', async () => {
    const made = await client()
    for (let n = 0; n < 5; n++) await ask(made.harbor)
    expect(await expectOwnSpans(made)).toBe(5)
  })

  it('has the span of its attempt, for calls that queue for one connection and for limits', async () => {
    const made = await client({
      pool: { connections: 1 },
      limits: { requestsPerMinute: 6_000, burstMs: 50, maxConcurrency: 4 },
    })
    await Promise.all(Array.from({ length: 12 }, () => ask(made.harbor)))
    expect(await expectOwnSpans(made)).toBe(12)
  })

  it('has the span of its attempt, for retries', async () => {
    const made = await client()
    made.provider.fail(status(500), status(429, { retryAfter: 5 }))
    await ask(made.harbor)
    expect(await expectOwnSpans(made)).toBe(3)
  })

  it('has the span of its attempt, for a hedge', async () => {
    const made = await client({
      providers: { backup: { apiKey: 'k', baseURL: (await simulate()).baseURL } },
      fallback: ['backup/gpt-4'],
      hedge: { afterMs: 5, maxExtraRatio: 1 },
    })
    // A hedge needs a call before it.
    await made.harbor.chat.completions.create(HELLO, perCall({ telemetry: false }))
    const before = made.created.length
    made.provider.fail({ type: 'delay', ms: 300 })
    await ask(made.harbor)
    expect(await expectOwnSpans({ ...made, created: made.created.slice(before) })).toBe(2)
  })

  it('has the span of the attempt of the upstream call, for the leader of cached calls', async () => {
    const made = await client({ cache: true })
    await Promise.all([1, 2, 3].map(() => ask(made.harbor, { temperature: 0 })))
    expect(await expectOwnSpans(made)).toBe(1)
  })

  it('has the span of the attempt of the batch, for single embeddings', async () => {
    const made = await client({ embeddingBatch: { maxWaitMs: 10 } })
    await Promise.all(['a', 'b', 'c'].map((input) => made.harbor.embeddings.create({ model: 'e', input })))
    expect(await expectOwnSpans(made)).toBe(1)
  })

  it("has the span of the call, for a first attempt with attemptSpans: 'when-retried'", async () => {
    const { harbor, spans, provider } = await traced({}, { propagate: true })
    const created = watchUndici()
    provider.fail(status(500))
    await ask(harbor)
    const call = spans().find(({ parentSpanContext }) => !parentSpanContext)
    const second = spans().find(({ attributes }) => attributes['harbor.attempt.number'] === 2)
    const ids = [call, second].map((span) => span?.spanContext().spanId)
    expect(created.map(({ sent }) => sent)).toEqual(ids)
    expect(created.map(({ active }) => active)).toEqual(ids)
  })
})
