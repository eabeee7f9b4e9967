import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  spendLimitsOf,
  valueUnder,
  type SpendLimit,
  type SpendLimitOptions,
} from '../options/spend-limit-options.ts'
import type { Labels } from '../reporting/labels.ts'
import { SpendLedger, type Reservation } from './spend-limit.ts'
import { spendOf } from './spend-pots.ts'

const HOUR = 3_600_000
const LENGTH = { hour: HOUR, day: 24 * HOUR, total: Infinity }

/** A reservation as the model sees it: all that was ever reserved is remembered, and added up again for each question. */
interface Booked {
  readonly usd: number
  readonly at: number
  readonly labels: Labels
  readonly limits: readonly SpendLimit[]
  spent: number | undefined
  readonly handle: Reservation
}

const periodOf = ({ options: { per } }: SpendLimit, at: number): number =>
  per === 'total' ? 0 : Math.floor(at / LENGTH[per])

function sums(all: readonly Booked[], limit: SpendLimit, value: string, now: number) {
  let [usedUsd, reservedUsd] = [0, 0]
  for (const each of all) {
    const isHere =
      each.limits.some(({ kind }) => kind === limit.kind) &&
      valueUnder(limit, each.labels) === value &&
      periodOf(limit, each.at) === periodOf(limit, now)
    if (!isHere) continue
    if (each.spent === undefined) reservedUsd += each.usd
    else usedUsd += each.spent
  }
  return { usedUsd, reservedUsd }
}

const value = fc.constantFrom(undefined, '', 'a', 'b', 'c')
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      usd: fc.nat(40),
      tenant: value,
      user: value,
      copy: fc.nat(2),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(20), part: fc.nat(4) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.nat(600) }) },
)
const limit: fc.Arbitrary<SpendLimitOptions> = fc.record({
  usd: fc.integer({ min: 1, max: 120 }),
  per: fc.constantFrom('hour' as const, 'day' as const, 'total' as const),
  by: fc.constantFrom(undefined, 'tenant', 'user'),
})
const limitList = fc
  .uniqueArray(limit, { minLength: 1, maxLength: 4, selector: ({ per, by }) => `${per} ${by}` })
  .map((list) => spendLimitsOf(list) ?? [])

const labelsOf = (given: Record<string, string | undefined>): Labels =>
  Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

it('SpendLedger agrees with a model that remembers every reservation, over hours and days', () => {
  const seen = { refused: 0, late: 0, all: 0 }
  fc.assert(
    fc.property(
      // Clients and their copies may have different limits.
      fc.array(limitList, { minLength: 3, maxLength: 3 }),
      fc.array(step, { maxLength: 120 }),
      (copies, steps) => {
        let now = 100 * 24 * HOUR
        const ledger = new SpendLedger(() => now)
        const all: Booked[] = []
        for (const each of steps) {
          if (each.kind === 'wait') now += each.minutes * 60_000
          if (each.kind === 'settle') {
            const open = all.filter(({ spent }) => spent === undefined)
            const one = open[each.which % Math.max(1, open.length)]
            if (!one) continue
            if (one.limits.some((given) => periodOf(given, one.at) !== periodOf(given, now))) seen.late++
            one.spent = (one.usd * each.part) / 4
            one.handle.settle(one.spent)
            one.handle.settle(one.usd)
          }
          if (each.kind === 'reserve') {
            const limits = copies[each.copy] ?? []
            const labels = labelsOf({ tenant: each.tenant, user: each.user })
            const dry = limits.filter((given) => {
              const { usedUsd, reservedUsd } = sums(all, given, valueUnder(given, labels), now)
              // Another client may have spent more than this limit allows. A call that costs nothing is made even then.
              return each.usd > Math.max(0, given.options.usd - usedUsd - reservedUsd) + 1e-9
            })
            const outcome = ledger.reserve(each.usd, limits, labels)
            seen.all++
            if ('settle' in outcome) {
              expect(dry).toEqual([])
              all.push({ usd: each.usd, at: now, labels, limits, spent: undefined, handle: outcome })
            } else {
              seen.refused++
              // The refusal names a limit that is dry, with the value of this call and with what is left.
              expect(dry).toContain(outcome.limit)
              expect(outcome.value).toBe(valueUnder(outcome.limit, labels))
              const { usedUsd, reservedUsd } = sums(all, outcome.limit, outcome.value, now)
              expect(outcome.leftUsd).toBeCloseTo(
                Math.max(0, outcome.limit.options.usd - usedUsd - reservedUsd),
                6,
              )
            }
          }
          for (const limits of copies) {
            const pots = spendOf(ledger, { spendLimits: limits, labels: undefined }, undefined)
            for (const given of limits) {
              const own = pots.filter(
                ({ limit: { per, by } }) => per === given.options.per && by === given.options.by,
              )
              const values = given.options.by === undefined ? [''] : ['', 'a', 'b', 'c']
              for (const name of values) {
                const { usedUsd, reservedUsd } = sums(all, given, name, now)
                const state = ledger.state(given, name)
                expect(state.usedUsd).toBeCloseTo(usedUsd, 6)
                expect(state.reservedUsd).toBeCloseTo(reservedUsd, 6)
                const shown = own.find((pot) => (pot.value ?? '') === name)
                if (usedUsd + reservedUsd > 0)
                  expect([shown?.usedUsd, shown?.reservedUsd]).toEqual([state.usedUsd, state.reservedUsd])
              }
            }
          }
        }
      },
    ),
    { numRuns: 200 },
  )
  expect(seen.refused).toBeGreaterThan(seen.all / 20)
  expect(seen.late).toBeGreaterThan(0)
})
