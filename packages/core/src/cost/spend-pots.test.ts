import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spendLimitsOf } from '../options/spend-limit-options.ts'
import { SpendLedger } from './spend-limit.ts'
import { budgetsOf, budgetsUsed, MAX_SHOWN_POTS } from './spend-pots.ts'

it('budgetsOf returns each limit without a label, and of the others the values that have used most', () => {
  const limits = spendLimitsOf([
    { usd: 1e6, per: 'total' },
    { usd: 1e3, per: 'day', by: 'tenant' },
  ])
  fc.assert(
    fc.property(fc.array(fc.nat(500), { maxLength: 60 }), (amounts) => {
      const ledger = new SpendLedger(() => 5)
      for (const [at, usd] of amounts.entries()) {
        const outcome = ledger.reserve(usd, limits ?? [], { tenant: `t${at}` })
        if ('settle' in outcome) outcome.settle(usd)
      }
      const [all, ...values] = budgetsOf(ledger, limits)
      const usedUsd = amounts.reduce((sum, usd) => sum + usd, 0)
      expect(all).toEqual({
        limitUsd: 1e6,
        per: 'total',
        usedUsd,
        reservedUsd: 0,
        leftUsd: 1e6 - usedUsd,
        untilMs: undefined,
      })
      const highest = amounts.filter((usd) => usd > 0).toSorted((one, other) => other - one)
      expect(values.map((each) => each.usedUsd)).toEqual(highest.slice(0, MAX_SHOWN_POTS))
      for (const { by, value, untilMs, usedUsd: own } of values) {
        expect([by, untilMs]).toEqual(['tenant', 86_400_000])
        expect(own).toBe(amounts[Number(value?.slice(1))])
      }
    }),
  )
  expect(budgetsOf(new SpendLedger(() => 0), undefined)).toEqual([])
})

it('budgetsUsed returns all limits and values that have used a share, the fullest first', () => {
  const limits = spendLimitsOf([
    { usd: 1_000, per: 'total' },
    { usd: 10, per: 'day', by: 'tenant' },
  ])
  const ledger = new SpendLedger(() => 5)
  for (let at = 0; at <= 100; at++) {
    const outcome = ledger.reserve(at / 10, limits ?? [], { tenant: `t${at}` })
    if ('settle' in outcome) outcome.settle(at / 10)
  }
  const used = budgetsUsed(ledger, limits, 0.5)
  expect(used).toHaveLength(52)
  expect(used[0]).toMatchObject({ value: 't100', usedUsd: 10 })
  expect(used.at(-1)).toMatchObject({ value: 't50', usedUsd: 5 })
  expect(used.filter(({ by }) => by === undefined)).toMatchObject([{ limitUsd: 1_000 }])
  expect(budgetsUsed(ledger, undefined, 0)).toEqual([])
})
