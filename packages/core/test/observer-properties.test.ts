import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HarborOptions } from '../src/index.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { observing } from './helpers/observing.ts'
import { BEHAVIOURS, make, randomCall, randomFetch } from './helpers/random-provider.ts'

const CALLS = 10_000
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
      const all = fc.sample(randomCall, { numRuns: CALLS / 4, seed })
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
