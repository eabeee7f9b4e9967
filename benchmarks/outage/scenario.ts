import type { Rule } from '@harbor/simulator'

/** What every contender goes through. */
export interface Scenario {
  readonly calls: number
  readonly perSecond: number
  /** When the primary answers nothing but 503, at once, in milliseconds from the start. */
  readonly down: { readonly from: number; readonly to: number }
  /** The part of its calls that the primary fails with 500 at all other times. */
  readonly errors: number
  /** How long both providers take to answer, in milliseconds. */
  readonly latencyMs: number
}

/** 3,000 calls at 50 a second; the primary is down for 40 % of the time. */
export const FULL: Scenario = {
  calls: 3_000,
  perSecond: 50,
  down: { from: 18_000, to: 42_000 },
  errors: 0.05,
  latencyMs: 20,
}

/** To see whether it runs: too short for the clocks of most contenders. */
export const QUICK: Scenario = { ...FULL, calls: 300, down: { from: 1_800, to: 4_200 } }

export function rulesOf({ down, errors }: Scenario): Rule[] {
  return [
    { when: { windowMs: down }, fault: { type: 'status', status: 503 } },
    { when: { probability: errors }, fault: { type: 'status', status: 500 } },
  ]
}
