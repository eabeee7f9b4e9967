import { checkLabels, copyLabels } from '../options/labels.ts'
import { valueUnder, type SpendLimit, type SpendLimitOptions } from '../options/spend-limit-options.ts'
import type { SpendState } from '../reporting/cost-stats.ts'
import { NO_LABELS, type Labels } from '../reporting/labels.ts'
import type { PotState, Ledger } from './spend-limit.ts'

/**
 * How much is left of a spend limit in its current period, in US dollars: for all calls, or for one value of its label. In a fleet that shares
 * spend limits, the amounts are those of all processes, as far as this one knows.
 */
export interface SpendPot {
  /** The limit, as it was given in the option `spendLimit`. */
  readonly limit: Readonly<SpendLimitOptions>
  /** The value of the label `limit.by`; '' for calls without this label. Missing for a limit without `by`. */
  readonly value?: string
  /** The amount spent in the current period, in US dollars, including the highest possible cost of attempts that failed and may have been billed. */
  readonly usedUsd: number
  /** The highest possible cost of the calls in flight, which is reserved for them, in US dollars. Not part of `usedUsd`. */
  readonly reservedUsd: number
  /** What may still be spent in the current period, in US dollars: the limit minus `usedUsd` and `reservedUsd`, at least 0. */
  readonly leftUsd: number
  /** When the period ends and the count starts again, in milliseconds since the epoch. Missing if `per` is `total`. */
  readonly untilMs?: number
}

type Limits = readonly SpendLimit[] | undefined

/** The limits and the labels of a client, as in its policy. */
interface PaidFrom {
  readonly spendLimits: Limits
  readonly labels: Labels | undefined
}

/** Returns the pots from which a call with these labels would be paid, one for each limit. */
export function potsOfCall(ledger: Ledger, limits: Limits, labels: Labels): SpendPot[] {
  return (limits ?? []).map((limit) => potOf(ledger, limit, valueUnder(limit, labels)))
}

/**
 * Returns the pots of a client's limits. With labels, only those of these labels: of each limit whose `by` is among them, the pot of this
 * value. Without labels, the pots of all limits. Of a limit by a label that the client has itself, this is only the pot of its own value;
 * of a limit by another label, the values for which something is spent or reserved.
 * @throws OptionError for an invalid label
 */
export function spendOf(ledger: Ledger, client: PaidFrom, given: Labels | undefined): SpendPot[] {
  checkLabels(given)
  const { spendLimits = [], labels: own = NO_LABELS } = client
  if (given) {
    const labels = copyLabels(given) ?? NO_LABELS
    const byThese = spendLimits.filter(({ options: { by } }) => by !== undefined && Object.hasOwn(labels, by))
    return potsOfCall(ledger, byThese, labels)
  }
  return spendLimits.flatMap((limit) => {
    const { by } = limit.options
    if (by === undefined || Object.hasOwn(own, by)) return [potOf(ledger, limit, valueUnder(limit, own))]
    const pots: SpendPot[] = []
    ledger.each(limit, (value, state) => pots.push(asPot(limit, value, state)))
    return pots
  })
}

/** The maximum number of values of a label that alerts show: those that have used most of a limit. */
export const MAX_SHOWN_POTS = 20

/** Returns the state of each limit for alerts: of a limit by a label, the values that have used most of it. */
export function budgetsOf(ledger: Ledger, limits: Limits): readonly SpendState[] {
  return (limits ?? []).flatMap((limit): readonly SpendState[] => {
    if (limit.options.by === undefined) return [asBudget(limit, undefined, ledger.state(limit, ''))]
    const fullest = new Fullest(MAX_SHOWN_POTS)
    ledger.each(limit, (value, state) => fullest.offer(value, state))
    return fullest.read().map(({ value, state }) => asBudget(limit, value, state))
  })
}

/** Returns the limits, and the values of their labels, that have used at least a share from 0 to 1, the fullest first. */
export function budgetsUsed(ledger: Ledger, limits: Limits, ratio: number): readonly SpendState[] {
  const used: SpendState[] = []
  for (const limit of limits ?? []) {
    const { usd, by } = limit.options
    const add = (value: string | undefined, state: PotState): void => {
      if (state.usedUsd >= ratio * usd) used.push(asBudget(limit, value, state))
    }
    if (by === undefined) add(undefined, ledger.state(limit, ''))
    else ledger.each(limit, add)
  }
  return used.toSorted((one, other) => other.usedUsd / other.limitUsd - one.usedUsd / one.limitUsd)
}

interface Candidate {
  readonly value: string
  readonly state: PotState
}

/** Selects the pots with the highest amounts used. Needs no memory for the others, since there may be very many. */
class Fullest {
  readonly #maximum: number
  /** In descending order. */
  readonly #best: Candidate[] = []

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  offer(value: string, state: PotState): void {
    const last = this.#best[this.#maximum - 1]
    if (last && last.state.usedUsd >= state.usedUsd) return
    const place = this.#best.findIndex((each) => each.state.usedUsd < state.usedUsd)
    this.#best.splice(place < 0 ? this.#best.length : place, 0, { value, state })
    if (this.#best.length > this.#maximum) this.#best.pop()
  }

  read(): readonly Candidate[] {
    return this.#best
  }
}

function potOf(ledger: Ledger, limit: SpendLimit, value: string): SpendPot {
  return asPot(limit, value, ledger.state(limit, value))
}

function asPot({ options: limit }: SpendLimit, value: string, { untilMs, ...amounts }: PotState): SpendPot {
  return {
    limit,
    ...(limit.by !== undefined && { value }),
    ...amounts,
    ...(untilMs !== Infinity && { untilMs }),
  }
}

function asBudget(
  { options: { usd: limitUsd, per, by } }: SpendLimit,
  value: string | undefined,
  { untilMs, ...amounts }: PotState,
): SpendState {
  return {
    limitUsd,
    per,
    ...(by !== undefined && { by, value }),
    ...amounts,
    untilMs: untilMs === Infinity ? undefined : untilMs,
  }
}
