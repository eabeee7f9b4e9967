import type { AlertStats } from '../reporting/alert.ts'

type Rule = (stats: AlertStats) => boolean

/** The default of `minimumCalls`. If an alert needed fewer calls, a few random failures could fire it. */
const MINIMUM_CALLS = 10

/**
 * Creates a condition for alerts: less than `ratio` of the calls of the last five minutes succeeded.
 * @param ratio from 0 to 1, such as 0.99
 * @param options.minimumCalls the minimum number of calls; with fewer calls, the condition is false. @default 10
 */
export function availabilityBelow(ratio: number, { minimumCalls = MINIMUM_CALLS } = {}): Rule {
  return ({ calls, availability }) => calls >= minimumCalls && availability < ratio
}

/**
 * Creates a condition for alerts: the 95th percentile of the durations of successful calls in the last five minutes is above `ms`.
 * @param ms milliseconds
 * @param options.minimumCalls the minimum number of successful calls; with fewer, the condition is false. @default 10
 */
export function p95Above(ms: number, { minimumCalls = MINIMUM_CALLS } = {}): Rule {
  return ({ latencyMs }) => latencyMs !== undefined && latencyMs.count >= minimumCalls && latencyMs.p95 > ms
}

/**
 * Creates a condition for alerts: more than `usd` was spent in the last five minutes.
 * @param usd US dollars
 */
export function spendAbove(usd: number): Rule {
  return ({ spentUsd }) => spentUsd > usd
}

/**
 * Creates a condition for alerts: the circuit of a target is open.
 * @param target the name of the target, such as `openai/gpt-4`. @default any target
 */
export function breakerOpen(target?: string): Rule {
  return ({ targets }) =>
    Object.entries(targets).some(
      ([name, { state }]) => state === 'open' && (target === undefined || name === target),
    )
}
