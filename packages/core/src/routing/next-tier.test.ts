import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Target } from '../reporting/target.ts'
import { nextTier, type TierState } from './next-tier.ts'

const target = (name: string): Target => ({ name }) as Target
const standard = target('standard')
const cheaper = [target('half'), target('most')]

const state = fc.record({
  p95Ms: fc.integer({ min: 1, max: 600_000 }),
  samples: fc.integer({ min: 0, max: 100 }),
  readyInMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 600_000 })),
  unable: fc.option(fc.constant('it cannot'), { nil: undefined, freq: 5 }),
})
const drawn = fc.record({
  states: fc.tuple(state, state, state),
  totalMs: fc.integer({ min: 1_000, max: 3_600_000 }),
  passed: fc.double({ min: 0, max: 1, noNaN: true }),
})

describe('nextTier', () => {
  it('keeps twice the time of the standard tier, never calls or waits for a tier that cannot answer in time, and reaches each case', () => {
    const reached = { call: 0, wait: 0, standard: 0 }
    fc.assert(
      fc.property(drawn, ({ states: [one, other, usual], totalMs, passed }) => {
        const known = [cheaper[0], cheaper[1], standard].map((tier, at) => {
          const { p95Ms, samples, readyInMs, unable } = [one, other, usual][at] ?? usual
          const latency = { p95Ms: samples === 0 ? undefined : p95Ms, samples }
          return [tier, { latency, readyInMs, isLimited: false, unable }] as [Target, TierState]
        })
        const states = new Map(known)
        const now = passed * totalMs
        const next = nextTier(states, { cheaper, standard }, { now, startedAt: 0, deadlineAt: totalMs })
        reached[next.kind]++
        const knownMs = (tier: Target): number => {
          const { latency } = states.get(tier) ?? { latency: { p95Ms: 0, samples: 0 } }
          return latency.p95Ms ?? 0
        }
        const latest = totalMs - 2 * knownMs(standard)
        if (next.kind === 'standard') {
          expect(next.skipped).toHaveLength(2)
          return
        }
        expect(states.get(next.tier)?.unable).toBeUndefined()
        if (next.kind === 'call') {
          expect(next.endsAt).toBeLessThanOrEqual(latest)
          expect(states.get(next.tier)?.readyInMs).toBe(0)
          expect(now + knownMs(next.tier)).toBeLessThanOrEqual(next.endsAt)
        } else {
          expect(next.ms).toBe(states.get(next.tier)?.readyInMs)
          expect(now + next.ms + knownMs(next.tier)).toBeLessThanOrEqual(latest)
          // No cheaper tier that is ready and fits is passed over for a wait.
          for (const tier of cheaper) {
            const each = states.get(tier)
            if (each?.unable !== undefined || each?.readyInMs !== 0) continue
            expect(tier).not.toBe(next.tier)
          }
        }
      }),
      { numRuns: 2_000 },
    )
    for (const times of Object.values(reached)) expect(times).toBeGreaterThan(20)
  })

  it('says why each tier is skipped', () => {
    const latency = { p95Ms: 10_000, samples: 10 }
    const ready = { latency, readyInMs: 0, isLimited: false, unable: undefined }
    const states = new Map<Target, TierState>([
      [standard, ready],
      [target('gone'), { ...ready, unable: 'it has failed' }],
      [target('slow'), { ...ready, latency: { p95Ms: 50_000, samples: 10 } }],
      [target('resting'), { ...ready, readyInMs: 35_000 }],
    ])
    const tiers = [...states.keys()].filter((tier) => tier !== standard)
    const next = nextTier(states, { cheaper: tiers, standard }, { now: 0, startedAt: 0, deadlineAt: 60_000 })
    expect(next).toEqual({
      kind: 'standard',
      skipped: [
        { target: 'gone', reason: 'it has failed' },
        { target: 'slow', reason: 'the deadline leaves too little time for it' },
        { target: 'resting', reason: 'the deadline ends before it is available again' },
      ],
    })
  })
})
