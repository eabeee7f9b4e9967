import type { FailureKind } from '@harbor/retry'
import type { AlertRule, AlertStats } from '../reporting/alert.ts'
import { labelWords } from '../cost/limit-words.ts'
import type { SpendState } from '../reporting/cost-stats.ts'
import { counted, money, percent } from './words.ts'

/** The default of `minimumCalls`. If an alert needed fewer calls, a few random failures could fire it. */
const MINIMUM_CALLS = 10

/** Creates a rule from its condition and from what it says about the figures. */
export function rule(
  holds: (stats: AlertStats) => boolean,
  describe: (stats: AlertStats) => string,
  windowMs?: number,
): AlertRule {
  return Object.assign((stats: AlertStats): boolean => holds(stats), { describe, windowMs })
}

/**
 * Creates a condition for alerts: less than `ratio` of the calls of the last five minutes succeeded.
 * @param ratio from 0 to 1, such as 0.99
 * @param options.minimumCalls the condition does not hold with fewer calls than this. @default 10
 */
export function availabilityBelow(ratio: number, { minimumCalls = MINIMUM_CALLS } = {}): AlertRule {
  return rule(
    ({ calls, availability }) => calls >= minimumCalls && availability < ratio,
    ({ availability }) =>
      `${percent(availability)} of the calls succeeded, expected at least ${percent(ratio)}`,
  )
}

/**
 * Creates a condition for alerts: the 95th percentile of the durations of successful calls in the last five minutes is above `ms`.
 * @param ms milliseconds
 * @param options.minimumCalls the condition does not hold with fewer successful calls than this. @default 10
 */
export function p95Above(ms: number, { minimumCalls = MINIMUM_CALLS } = {}): AlertRule {
  return rule(
    ({ latencyMs }) => latencyMs !== undefined && latencyMs.count >= minimumCalls && latencyMs.p95 > ms,
    ({ latencyMs }) =>
      latencyMs
        ? `5 % of the calls took longer than ${Math.round(latencyMs.p95)} ms, expected at most ${ms} ms`
        : 'no call succeeded',
  )
}

/**
 * Creates a condition for alerts: more than `usd` was spent in the last five minutes.
 * @param usd US dollars
 */
export function spendAbove(usd: number): AlertRule {
  return rule(
    ({ spentUsd }) => spentUsd > usd,
    ({ spentUsd }) => `${money(spentUsd)} spent, expected at most ${money(usd)}`,
  )
}

/** The maximum number of limits that the text of a notice names. */
const MAX_NAMED_BUDGETS = 3

/**
 * Creates a condition for alerts: at least the share `ratio` of a spend limit is used in its current period. For a limit with `by`, one value of the
 * label is enough. The notice names the values that have used this share. The notice is sent once, when the first value reaches it. Without the
 * option `spendLimit`, the condition is always false.
 * @param options.ratio from 0 to 1, such as 0.8
 */
export function budgetUsed({ ratio }: { ratio: number }): AlertRule {
  const isUsed = ({ usedUsd, limitUsd }: SpendState): boolean => usedUsd >= ratio * limitUsd
  return rule(
    ({ budgets }) => budgets.some(isUsed),
    ({ budgets }) => {
      const byShare = budgets.toSorted((one, other) => shareUsed(other) - shareUsed(one))
      const used = byShare.filter(isUsed)
      // Once the condition does not hold any more, the notice names the limit that is used most.
      const named = used.length > 0 ? used.slice(0, MAX_NAMED_BUDGETS) : byShare.slice(0, 1)
      // There may be more values than the statistics contain.
      const others = used.length > named.length ? ` and at least ${used.length - named.length} more` : ''
      return `${named.map(spentWords).join(', ')}${others}, expected less than ${percent(ratio)}`
    },
  )
}

function shareUsed({ usedUsd, limitUsd }: SpendState): number {
  return usedUsd / limitUsd
}

function spentWords({ usedUsd, limitUsd, per, by, value }: SpendState): string {
  const period = per === 'total' ? 'in total' : `for this ${per}`
  const whose = by === undefined ? '' : ` by ${labelWords(by, value ?? '')}`
  return `${money(usedUsd)} of the ${money(limitUsd)} ${period} spent${whose}`
}

/**
 * Creates a condition for alerts: less than `ratio` of the calls of the last five minutes that looked into the cache were answered by it.
 * @param ratio from 0 to 1, such as 0.3
 * @param options.minimumCalls the condition does not hold with fewer lookups than this. @default 10
 */
export function hitRatioBelow(ratio: number, { minimumCalls = MINIMUM_CALLS } = {}): AlertRule {
  const hitRatio = ({ cacheLookups: { hits, misses } }: AlertStats): number =>
    hits / Math.max(1, hits + misses)
  return rule(
    (stats) => stats.cacheLookups.hits + stats.cacheLookups.misses >= minimumCalls && hitRatio(stats) < ratio,
    (stats) =>
      `the cache answered ${percent(hitRatio(stats))} of the calls, expected at least ${percent(ratio)}`,
  )
}

/**
 * Creates a condition for alerts: more than the share `ratio` of the requests of the last five minutes failed. Failures after which a retry or
 * another target succeeded count here, but not in `availabilityBelow`. Requests that were aborted, such as those of hedges, do not count.
 * @param ratio from 0 to 1, such as 0.2
 * @param options.kind counts only failures of this kind, such as `rate-limit`. @default all kinds
 * @param options.target counts only requests to this target, such as `openai/gpt-4`. @default all targets
 * @param options.minimumRequests the minimum number of requests; with fewer, the condition is false. @default 10
 */
export function failureShareAbove(
  ratio: number,
  {
    kind,
    target,
    minimumRequests = MINIMUM_CALLS,
  }: { kind?: FailureKind | undefined; target?: string | undefined; minimumRequests?: number } = {},
): AlertRule {
  const count = ({ attempts }: AlertStats): { all: number; failed: number } => {
    let [all, failed] = [0, 0]
    for (const each of attempts) {
      if (each.failure === 'aborted' || (target !== undefined && each.target !== target)) continue
      all += each.count
      if (kind === undefined ? each.failure !== undefined : each.failure === kind) failed += each.count
    }
    return { all, failed }
  }
  return rule(
    (stats) => {
      const { all, failed } = count(stats)
      return all >= minimumRequests && failed > ratio * all
    },
    (stats) => {
      const { all, failed } = count(stats)
      const to = target === undefined ? '' : ` to ${target}`
      const how = kind === undefined ? '' : ` with ${kind}`
      const share = percent(failed / Math.max(1, all))
      return `${share} of ${counted(all, 'request')}${to} failed${how}, expected at most ${percent(ratio)}`
    },
  )
}
