import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CostRow, HarborOptions, Labels, Receipt } from '../src/index.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { BEHAVIOURS, make, randomCall, randomFetch } from './helpers/random-provider.ts'

const CALLS = 1_000
const price = { inputPerMillion: 3_333, outputPerMillion: 7_777 }
const backup = { apiKey: 'k', baseURL: 'http://backup/v1' }
const CLIENTS: Readonly<Record<string, HarborOptions>> = {
  plain: {},
  'with cache, batches and prefetch': { cache: true, embeddingBatch: true, prefetch: { minConfidence: 0.1 } },
  'with spend limits by label, and batches': {
    spendLimit: [
      { usd: 1_000_000, per: 'total' },
      { usd: 1_000_000, per: 'day', by: 'tenant' },
    ],
    embeddingBatch: true,
  },
  'with fallback and hedges': {
    providers: { backup },
    fallback: ['backup/gpt-4'],
    hedge: { afterMs: 2, maxExtraRatio: 1 },
  },
}

const labels: fc.Arbitrary<Labels> = fc.record(
  { tenant: fc.constantFrom('', 'a', 'b', 'c'), feature: fc.constantFrom('x', 'y'), user: fc.string() },
  { requiredKeys: [] },
)

const sum = <T>(items: Iterable<T>, of: (item: T) => number): number =>
  [...items].reduce((total, item) => total + of(item), 0)

/** The sums of the rows of a report, with the names in `stats()`. */
function totalsOf(rows: readonly CostRow[]): Record<string, number> {
  return {
    calls: sum(rows, ({ calls }) => calls),
    spentUsd: sum(rows, ({ spentUsd }) => spentUsd),
    possiblyBilledUsd: sum(rows, ({ possiblyBilledUsd }) => possiblyBilledUsd),
    savedByFallbackUsd: sum(rows, ({ savedUsd }) => savedUsd.fallback),
    savedByCacheUsd: sum(rows, ({ savedUsd }) => savedUsd.cache),
    savedByBatchUsd: sum(rows, ({ savedUsd }) => savedUsd.batch),
    unpricedCalls: sum(rows, ({ unpricedCalls }) => unpricedCalls),
  }
}

describe('the rows of costReport()', () => {
  it.each(Object.entries(CLIENTS))(
    'add up to the receipts by each label, and to stats(), whatever happens to the calls: %s',
    async (_, options) => {
      const [seed = 0] = fc.sample(fc.integer(), 1)
      const behaviours = fc.sample(fc.constantFrom(...BEHAVIOURS, 'answer', 'answer'), { numRuns: 997, seed })
      let requests = 0
      const fetch = randomFetch(() => behaviours[requests++ % 997] ?? 'answer')
      const harbor = harborFor(
        { baseURL: 'http://localhost/v1' },
        { fetch, breaker: false, retry: { baseDelayMs: 1, maxDelayMs: 2 }, ...options },
      ).withOptions({ models: { 'gpt-4': { price }, 'backup/gpt-4': { price }, e: { price } } })
      const receipts: Receipt[] = []
      harbor.on('call', ({ receipt }) => receipts.push(receipt))
      const calls = fc.sample(fc.tuple(randomCall, labels), { numRuns: CALLS, seed })
      for (let from = 0; from < CALLS; from += 100)
        await Promise.all(calls.slice(from, from + 100).map(([each, own]) => make(harbor, each, own)))
      await harbor.close({ graceMs: 0 })

      const { calls: counted, cost } = harbor.stats()
      expect(cost.spentUsd, `seed ${seed}`).toBeGreaterThan(0)
      for (const by of [[], ['target'], ['tenant'], ['user', 'model'], ['provider', 'feature', 'tenant']]) {
        const totals = totalsOf(harbor.costReport({ by }))
        for (const [name, total] of Object.entries({ calls: counted, ...cost }))
          expect(totals[name], `${name} by ${by.join()}, seed ${seed}`).toBeCloseTo(total, 9)
      }
      for (const name of ['tenant', 'feature', 'user']) {
        for (const { by, spentUsd, calls: ended } of harbor.costReport({ by: [name] })) {
          const own = receipts.filter((receipt) => (receipt.labels[name] ?? '') === by[name])
          const spent = sum(own, ({ cost: paid }) => paid?.usd ?? 0)
          expect(spentUsd, `${name} ${by[name]}, seed ${seed}`).toBeCloseTo(spent, 9)
          expect(ended).toBe(
            own.filter(({ isPrefetch, outcome }) => !isPrefetch && outcome !== 'pending').length,
          )
        }
      }
    },
    60_000,
  )
})
