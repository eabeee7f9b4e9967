import type { AlertStats } from '../reporting/alert.ts'

type Rule = (stats: AlertStats) => boolean

/** Too few calls to tell chance from trouble. */
const MINIMUM_CALLS = 10

/**
 * Of the calls of the last five minutes, fewer than this part ended well.
 * @param ratio such as 0.99
 * @param options.minimumCalls with fewer calls it says nothing. @default 10
 */
export function availabilityBelow(ratio: number, { minimumCalls = MINIMUM_CALLS } = {}): Rule {
  return ({ calls, availability }) => calls >= minimumCalls && availability < ratio
}

/**
 * Of the calls of the last five minutes that ended well, one in twenty took longer.
 * @param ms milliseconds
 */
export function p95Above(ms: number, { minimumCalls = MINIMUM_CALLS } = {}): Rule {
  return ({ latencyMs }) => latencyMs !== undefined && latencyMs.count >= minimumCalls && latencyMs.p95 > ms
}

/** More than this was spent in the last five minutes, in US dollars. */
export function spendAbove(usd: number): Rule {
  return ({ spentUsd }) => spentUsd > usd
}

/** The circuit of a target is open. @param target its name, such as `openai/gpt-4`. @default any */
export function breakerOpen(target?: string): Rule {
  return ({ targets }) =>
    Object.entries(targets).some(
      ([name, { state }]) => state === 'open' && (target === undefined || name === target),
    )
}
