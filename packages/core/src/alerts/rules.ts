import type { AlertStats } from '../reporting/alert.ts'

type Rule = (stats: AlertStats) => boolean

/** With fewer calls, chance could be taken for a problem. */
const MINIMUM_CALLS = 10

/**
 * Fires when less than this share of the calls of the last five minutes succeeded.
 * @param ratio from 0 to 1, such as 0.99
 * @param options.minimumCalls it does not fire with fewer calls. @default 10
 */
export function availabilityBelow(ratio: number, { minimumCalls = MINIMUM_CALLS } = {}): Rule {
  return ({ calls, availability }) => calls >= minimumCalls && availability < ratio
}

/**
 * Fires when the 95th percentile of the duration of successful calls in the last five minutes is above this.
 * @param ms milliseconds
 * @param options.minimumCalls it does not fire with fewer calls. @default 10
 */
export function p95Above(ms: number, { minimumCalls = MINIMUM_CALLS } = {}): Rule {
  return ({ latencyMs }) => latencyMs !== undefined && latencyMs.count >= minimumCalls && latencyMs.p95 > ms
}

/** Fires when more than this was spent in the last five minutes. @param usd in US dollars */
export function spendAbove(usd: number): Rule {
  return ({ spentUsd }) => spentUsd > usd
}

/** Fires while the circuit of a target is open. @param target its name, such as `openai/gpt-4`. @default any target */
export function breakerOpen(target?: string): Rule {
  return ({ targets }) =>
    Object.entries(targets).some(
      ([name, { state }]) => state === 'open' && (target === undefined || name === target),
    )
}
