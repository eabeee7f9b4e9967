import type { FailureKind } from '@harbor/retry'
import type { AlertRule, AlertStats } from '../reporting/alert.ts'
import { counted, money, percent } from './words.ts'

/** The default of `minimumCalls`. If an alert needed fewer calls, a few random failures could fire it. */
const MINIMUM_CALLS = 10

/** Creates a rule from its condition and from what it says about the figures. */
export function rule(
  holds: (stats: AlertStats) => boolean,
  describe: (stats: AlertStats, subject?: string) => string,
  more: Pick<AlertRule, 'windowMs' | 'subjects'> = {},
): AlertRule {
  return Object.assign((stats: AlertStats): boolean => holds(stats), { describe, ...more })
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
