import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createCache } from '../src/index.ts'
import { newCounters } from '../src/cache-stats.ts'
import { NearTier } from '../src/tiers/near-tier.ts'
import { entryBytes } from '../src/tiers/entry.ts'
import { freshnessOf } from '../src/tiers/staleness.ts'
import { MAX_LIFE_MS } from '../src/base/validate.ts'
import { runOperations } from './operations.ts'
import { pass, seeded, withFakeTime } from './harness.ts'

withFakeTime()

describe('a cache with bounds', () => {
  it('spreads expiry by jitter, sets no timer per key, and never exceeds its entries and bytes', async () => {
    const cache = createCache<string>({ ttlMs: 1_000, ttlJitter: 0.2, maxEntries: 500, random: seeded(7) })
    for (let key = 0; key < 500; key++) await cache.set(`key-${key}`, 'value')
    expect(vi.getTimerCount()).toBe(0)
    const alive: number[] = []
    for (let at = 0; at <= 1_000; at += 50) {
      let fresh = 0
      for (let key = 0; key < 500; key++) if (cache.has(`key-${key}`)) fresh++
      alive.push(fresh)
      await pass(50)
    }
    // No entry expires before 800 ms, all have expired at 1,000 ms, and about the same number expires every 50 ms in between.
    expect(alive[15]).toBe(500)
    for (const at of [17, 18, 19]) expect(Math.abs((alive[at] ?? 0) - 125 * (20 - at))).toBeLessThan(40)
    expect(alive[20]).toBe(0)

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(40), fc.constantFrom('a', 'ÿ', '語'), fc.nat(400)), { maxLength: 60 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 300, max: 4_000 }),
        async (sets, maxEntries, maxBytes) => {
          const bounded = createCache<string>({ maxEntries, maxBytes })
          for (const [key, letter, length] of sets) {
            const value = letter.repeat(length)
            const kept = await bounded.set(`key-${key}`, value, { tags: value === '' ? [] : ['tag'] })
            const { entries, bytes } = bounded.stats()
            expect(entries).toBeLessThanOrEqual(maxEntries)
            expect(bytes).toBeLessThanOrEqual(maxBytes)
            if (kept === true) expect((await bounded.get(`key-${key}`))?.value).toBe(value)
            else expect(kept).toBe('too-large')
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('counts exactly the bytes that its entries have, after any operations at capacity', () => {
    // 50,000 operations here, 10 million in soak/operations.soak.ts.
    const tier = new NearTier({ maxEntries: 1_000, maxBytes: 200_000 }, newCounters(), 0)
    const { counted, real, entries } = runOperations(tier, 50_000, seeded(3))
    expect(counted).toBe(real)
    expect(entries).toBeGreaterThan(100)
    tier.clear()
    expect([tier.bytes, tier.size, tier.tagged]).toEqual([0, 0, 0])
  })

  it('serves only fresh entries by the fast path, and misses a fresh entry only in its last millisecond', () => {
    const moment = fc.double({ min: 1.6e12, max: 2e12, noNaN: true })
    const ms = fc.double({ min: 0, max: MAX_LIFE_MS, noNaN: true })
    fc.assert(
      fc.property(moment, ms, ms, ms, (madeAt, storedAfter, ttl, lookedAfter) => {
        const storedAt = madeAt + storedAfter
        const freshUntil = storedAt + ttl
        const now = storedAt + lookedAfter
        const life = {
          bornAt: storedAt,
          storedAt,
          freshUntil,
          revalidateUntil: freshUntil,
          errorUntil: freshUntil,
        }
        const tier = new NearTier({ maxEntries: 1, maxBytes: 1_000 }, newCounters(), madeAt)
        tier.put('name', { payload: '', encoded: false, head: undefined, tags: [], life })
        const entry = tier.getFresh('name', now)
        if (entry) {
          expect(freshnessOf(life, now)).toBe('fresh')
          expect(Math.abs(tier.ageOf(entry, now) - lookedAfter)).toBeLessThanOrEqual(1.001)
        } else expect(now).toBeGreaterThan(freshUntil - 1.001)
      }),
      { numRuns: 1_000 },
    )
  })

  it('counts two bytes per character if any character is beyond Latin-1', () => {
    const size = (value: string): number =>
      entryBytes('', value, undefined, []) - entryBytes('', '', undefined, [])
    expect([size('abcd'), size('äöü'), size('abc€')]).toEqual([4, 3, 8])
  })
})
