import type { Rule } from '@harbor/simulator'

/** The scenario of every contender. */
export interface Scenario {
  readonly calls: number
  readonly perSecond: number
  /** When the primary answers every call with 503 at once, in milliseconds from the start. */
  readonly down: { readonly from: number; readonly to: number }
  /** The share of calls that the primary answers with 500 at all other times. */
  readonly errors: number
  /** The latency of both providers, in milliseconds. */
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

/** Only to see whether it runs: too short for the timeouts of most contenders. */
export const QUICK: Scenario = { ...FULL, calls: 300, down: { from: 1_800, to: 4_200 } }

export function rulesOf({ down, errors }: Scenario): Rule[] {
  return [
    { when: { windowMs: down }, fault: { type: 'status', status: 503 } },
    { when: { probability: errors }, fault: { type: 'status', status: 500 } },
  ]
}
