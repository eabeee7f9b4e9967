import fc from 'fast-check'
import type { CallObserver, HarborOptions } from '../../src/index.ts'
import { harborFor } from './harbor-for.ts'
import { BEHAVIOURS, make, randomCall, randomFetch } from './random-provider.ts'

/** The number of calls of all clients together. */
export const CALLS = 10_000

const backup = { apiKey: 'k', baseURL: 'http://backup/v1' }
/** Clients with the layers that make, delay or share requests. */
export const CLIENTS: Readonly<Record<string, HarborOptions>> = {
  plain: {},
  'with cache, batches and prefetch': { cache: true, embeddingBatch: true, prefetch: { minConfidence: 0.1 } },
  'with fallback and hedges': {
    providers: { backup },
    fallback: ['backup/gpt-4'],
    hedge: { afterMs: 2, maxExtraRatio: 1 },
  },
  'with limits': { limits: { requestsPerMinute: 1_000_000, burstMs: 50 }, cache: true },
}

/**
 * Makes calls with random aborts, to a provider that treats each request as it likes, and closes the client.
 * @returns the seed, with which the run can be repeated
 */
export async function makeRandomCalls(observer: CallObserver, options: HarborOptions): Promise<number> {
  const [seed = 0] = fc.sample(fc.integer(), 1)
  const behaviours = fc.sample(fc.constantFrom(...BEHAVIOURS), { numRuns: 997, seed })
  let requests = 0
  const fetch = randomFetch(() => behaviours[requests++ % 997] ?? 'answer')
  const harbor = harborFor(
    { baseURL: 'http://localhost/v1' },
    { telemetry: observer, fetch, breaker: false, retry: { baseDelayMs: 1, maxDelayMs: 2 }, ...options },
  )
  const all = fc.sample(randomCall, { numRuns: CALLS / 4, seed })
  for (let from = 0; from < all.length; from += 250)
    await Promise.all(all.slice(from, from + 250).map((each) => make(harbor, each)))
  await harbor.close({ graceMs: 0 })
  return seed
}
