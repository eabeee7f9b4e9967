import { describe, expect, it } from 'vitest'
import type { Harbor, HarborOptions } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { observing, watchUndici } from './helpers/observing.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const ask = (harbor: Harbor, more: object = {}): PromiseLike<unknown> =>
  harbor.chat.completions.create({ ...HELLO, ...more })

/** The attempts whose requests undici sent. @throws if a request left in another context than that of its attempt */
function sentIn(left: ReturnType<typeof watchUndici>): readonly string[] {
  expect(left.filter(({ header, context }) => header !== context)).toEqual([])
  return [...new Set(left.map(({ header }) => header))]
}

describe('the async context in which a request leaves', () => {
  const { observer } = observing()
  const client = async (options: HarborOptions = {}): Promise<[Harbor, ReturnType<typeof watchUndici>]> => {
    const harbor = harborFor(await simulate(), { telemetry: observer, ...options })
    return [harbor, watchUndici()]
  }

  it('is that of its attempt, for calls one after the other', async () => {
    const [harbor, left] = await client()
    for (let n = 0; n < 5; n++) await ask(harbor)
    expect(sentIn(left)).toHaveLength(5)
  })

  it('is that of its attempt, for calls that queue for one connection and for limits', async () => {
    const [harbor, left] = await client({
      pool: { connections: 1 },
      limits: { requestsPerMinute: 6_000, burstMs: 50, maxConcurrency: 4 },
    })
    await Promise.all(Array.from({ length: 12 }, () => ask(harbor)))
    expect(sentIn(left)).toHaveLength(12)
  })

  it('is that of its attempt, for retries', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider, { telemetry: observer })
    const left = watchUndici()
    provider.fail(status(500), status(429, { retryAfter: 5 }))
    await ask(harbor)
    expect(sentIn(left)).toHaveLength(3)
  })

  it('is that of its attempt, for a hedge', async () => {
    const { primary, harbor } = await harborWithBackup({
      telemetry: observer,
      hedge: { afterMs: 5, maxExtraRatio: 1 },
    })
    await ask(harbor)
    const left = watchUndici()
    primary.fail({ type: 'delay', ms: 300 })
    await ask(harbor)
    expect(sentIn(left)).toHaveLength(2)
  })

  it('is that of the attempt of the upstream call, for the leader of cached calls', async () => {
    const [harbor, left] = await client({ cache: true })
    await Promise.all([1, 2, 3].map(() => ask(harbor, { temperature: 0 })))
    expect(sentIn(left)).toHaveLength(1)
  })

  it('is that of the attempt of the batch, for single embeddings', async () => {
    const [harbor, left] = await client({ embeddingBatch: true })
    await Promise.all(['a', 'b', 'c'].map((input) => harbor.embeddings.create({ model: 'e', input })))
    expect(sentIn(left)).toHaveLength(1)
  })
})
