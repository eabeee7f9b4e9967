import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpendLedger, type Reservation } from './spend-limit.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'

const HOUR = 3_600_000
const limit = (usd: number, per: SpendLimitOptions['per'] = 'total'): SpendLimitOptions => ({ usd, per })

function reserved(ledger: SpendLedger, usd: number, options: SpendLimitOptions): Reservation {
  const outcome = ledger.reserve(usd, options)
  if (!('settle' in outcome)) throw new Error('refused')
  return outcome
}

describe('SpendLedger', () => {
  it('sets aside, settles, and gives back what was not spent', () => {
    const ledger = new SpendLedger(() => 0)
    const reservation = reserved(ledger, 6, limit(10))
    expect(ledger.leftUsd(limit(10))).toBe(4)
    reservation.settle(1)
    reservation.settle(9)
    expect(ledger.leftUsd(limit(10))).toBe(9)
  })

  it('says what is left and until when', () => {
    const ledger = new SpendLedger(() => 5.5 * HOUR)
    reserved(ledger, 7, limit(10, 'hour'))
    expect(ledger.reserve(4, limit(10, 'hour'))).toEqual({ leftUsd: 3, untilMs: 6 * HOUR })
    expect(ledger.reserve(11, limit(10))).toEqual({ leftUsd: 10, untilMs: Infinity })
  })

  it.each([
    ['hour', HOUR],
    ['day', 24 * HOUR],
  ] as const)('starts again each %s, and settles late calls where they began', (per, length) => {
    let now = 0.9 * length
    const ledger = new SpendLedger(() => now)
    const late = reserved(ledger, 10, limit(10, per))
    now = 1.1 * length
    expect(ledger.leftUsd(limit(10, per))).toBe(10)
    late.settle(10)
    expect(ledger.leftUsd(limit(10, per))).toBe(10)
  })

  it('never lets calls that keep to their estimates spend more than the limit, whatever their order', () => {
    const step = fc.record({
      settle: fc.boolean(),
      usd: fc.nat(400),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const ledger = new SpendLedger(() => 0)
        const open: { reservation: Reservation; usd: number }[] = []
        let [spent, aside] = [0, 0]
        for (const { settle, usd, part } of steps) {
          const oldest = settle ? open.shift() : undefined
          if (oldest) {
            oldest.reservation.settle(oldest.usd * part)
            spent += oldest.usd * part
            aside -= oldest.usd
          } else {
            const outcome = ledger.reserve(usd, limit(1_000))
            const fits = spent + aside + usd <= 1_000 + 1e-9
            expect('settle' in outcome).toBe(fits)
            if ('settle' in outcome) {
              open.push({ reservation: outcome, usd })
              aside += usd
            }
          }
          expect(spent + aside).toBeLessThanOrEqual(1_000 + 1e-9)
          expect(ledger.leftUsd(limit(1_000))).toBeCloseTo(1_000 - spent - aside, 6)
        }
      }),
    )
  })
})
