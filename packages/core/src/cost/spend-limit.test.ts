import { describe, expect, it } from 'vitest'
import { spendLimitsOf, type SpendLimit, type SpendLimitOptions } from '../options/spend-limit-options.ts'
import type { Labels } from '../reporting/labels.ts'
import { MAX_POTS } from './pots.ts'
import { SpendLedger, type Reservation } from './spend-limit.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const limitsOf = (...options: SpendLimitOptions[]): readonly SpendLimit[] => spendLimitsOf(options) ?? []
const only = (options: SpendLimitOptions): SpendLimit => {
  const [limit] = limitsOf(options)
  if (!limit) throw new Error('no limit')
  return limit
}
const total = (usd: number): readonly SpendLimit[] => limitsOf({ usd, per: 'total' })

function reserved(
  ledger: SpendLedger,
  usd: number,
  limits: readonly SpendLimit[],
  labels: Labels = {},
): Reservation {
  const outcome = ledger.reserve(usd, limits, labels)
  if (!('settle' in outcome)) throw new Error('refused')
  return outcome
}

describe('SpendLedger', () => {
  it('reserves, settles, and gives back what was not spent', () => {
    const ledger = new SpendLedger(() => 0)
    const [limit] = total(10)
    if (!limit) throw new Error('no limit')
    const reservation = reserved(ledger, 6, total(10))
    expect(ledger.state(limit, '')).toMatchObject({ usedUsd: 0, reservedUsd: 6, leftUsd: 4 })
    reservation.settle(1)
    reservation.settle(9)
    expect(ledger.state(limit, '')).toMatchObject({ usedUsd: 1, reservedUsd: 0, leftUsd: 9 })
  })

  it('counts the whole reservation for a cost that is not a number of dollars', () => {
    for (const usd of [NaN, Infinity, -1]) {
      const ledger = new SpendLedger(() => 0)
      reserved(ledger, 6, total(10)).settle(usd)
      expect(ledger.state(only({ usd: 10, per: 'total' }), '').usedUsd).toBe(6)
      expect(ledger.reserve(usd === -1 ? NaN : usd, total(10), {})).toHaveProperty('leftUsd', 4)
    }
  })

  it('returns what is left and until when, with the limit that refused', () => {
    const ledger = new SpendLedger(() => 5.5 * HOUR)
    const hourly = limitsOf({ usd: 10, per: 'hour' })
    reserved(ledger, 7, hourly)
    expect(ledger.reserve(4, hourly, {})).toMatchObject({
      limit: hourly[0],
      leftUsd: 3,
      untilMs: 6 * HOUR,
      isFull: false,
    })
    expect(ledger.reserve(11, total(10), {})).toMatchObject({ leftUsd: 10, untilMs: Infinity })
  })

  it.each([
    ['hour', HOUR],
    ['day', DAY],
  ] as const)(
    'starts again each %s, and settles late calls in the period where they began',
    (per, length) => {
      let now = 0.9 * length
      const ledger = new SpendLedger(() => now)
      const limits = limitsOf({ usd: 10, per, by: 'tenant' })
      const limit = only({ usd: 10, per, by: 'tenant' })
      const late = reserved(ledger, 10, limits, { tenant: 'a' })
      now = 1.1 * length
      expect(ledger.state(limit, 'a').leftUsd).toBe(10)
      const next = reserved(ledger, 4, limits, { tenant: 'a' })
      late.settle(10)
      expect(ledger.state(limit, 'a')).toMatchObject({ usedUsd: 0, reservedUsd: 4, untilMs: 2 * length })
      next.settle(3)
      expect(ledger.state(limit, 'a')).toMatchObject({ usedUsd: 3, reservedUsd: 0 })
    },
  )

  it('reserves under all limits or under none, and names the one that has money again last', () => {
    const ledger = new SpendLedger(() => 0)
    const limits = limitsOf(
      { usd: 10, per: 'hour' },
      { usd: 5, per: 'day', by: 'tenant' },
      { usd: 5, per: 'hour', by: 'tenant' },
    )
    reserved(ledger, 5, limits, { tenant: 'a' })
    expect(ledger.reserve(1, limits, { tenant: 'a' })).toMatchObject({
      limit: limits[1],
      value: 'a',
      leftUsd: 0,
    })
    expect(ledger.state(only({ usd: 10, per: 'hour' }), '').reservedUsd).toBe(5)
    reserved(ledger, 5, limits, { tenant: 'b' })
    expect(ledger.reserve(1, limits, { tenant: 'c' })).toMatchObject({ limit: limits[0], leftUsd: 0 })
    expect(ledger.state(only({ usd: 5, per: 'day', by: 'tenant' }), 'c').leftUsd).toBe(5)
  })

  it('counts calls without the label together, and those whose value is empty with them', () => {
    const ledger = new SpendLedger(() => 0)
    const limits = limitsOf({ usd: 5, per: 'total', by: 'tenant' })
    reserved(ledger, 3, limits, { feature: 'x' })
    expect(ledger.reserve(3, limits, { tenant: '' })).toMatchObject({ value: '', leftUsd: 2 })
    reserved(ledger, 5, limits, { tenant: 'toString' })
  })

  it('counts the same money for limits of the same period and label, whatever their amounts', () => {
    const ledger = new SpendLedger(() => 0)
    reserved(ledger, 6, total(10))
    expect(ledger.reserve(1, total(5), {})).toMatchObject({ leftUsd: 0 })
    reserved(ledger, 1, total(20))
  })

  it('forgets values that have spent nothing, and all values when their period is over', () => {
    let now = 0
    const ledger = new SpendLedger(() => now)
    const limits = limitsOf({ usd: 5, per: 'hour', by: 'tenant' })
    const values = (): string[] => {
      const found: string[] = []
      for (const limit of limits) ledger.each(limit, (value) => found.push(value))
      return found
    }
    const [free, paid] = ['a', 'b'].map((tenant) => reserved(ledger, 1, limits, { tenant }))
    free?.settle(0)
    expect(values()).toEqual(['b'])
    ledger.reserve(6, limits, { tenant: 'c' })
    expect(values()).toEqual(['b'])
    now = HOUR
    expect(values()).toEqual([])
    paid?.settle(1)
    expect(values()).toEqual([])
  })

  it('refuses the money of more values than it can count, keeps the others, and has room again in the next period', () => {
    let now = 0
    const ledger = new SpendLedger(() => now)
    const hourly = limitsOf({ usd: 5, per: 'hour', by: 'tenant' })
    const daily = limitsOf({ usd: 5, per: 'day', by: 'user' }, { usd: 1e9, per: 'total' })
    const open = reserved(ledger, 1, hourly, { tenant: 'first' })
    for (let count = 1; count < MAX_POTS; count++) reserved(ledger, 1, hourly, { tenant: `t${count}` })
    expect(ledger.reserve(1, hourly, { tenant: 'more' })).toMatchObject({ value: 'more', isFull: true })
    // Neither is another label's money counted, nor anything reserved under the limit without a label.
    expect(ledger.reserve(1, daily, { user: 'u' })).toMatchObject({
      limit: daily[0],
      untilMs: DAY,
      isFull: true,
    })
    expect(ledger.state(only({ usd: 1e9, per: 'total' }), '').reservedUsd).toBe(0)
    // A limit without a label needs no room, and neither do values that are counted already.
    reserved(ledger, 1, total(10))
    reserved(ledger, 1, hourly, { tenant: 't1' })
    open.settle(0)
    reserved(ledger, 1, hourly, { tenant: 'more' })
    expect(ledger.reserve(1, hourly, { tenant: 'one too many' })).toHaveProperty('isFull', true)
    now = HOUR
    reserved(ledger, 1, daily, { user: 'u' })
    for (let count = 1; count < MAX_POTS; count++) reserved(ledger, 1, hourly, { tenant: `n${count}` })
    expect(ledger.reserve(1, hourly, { tenant: 'more' })).toHaveProperty('isFull', true)
  })
})
