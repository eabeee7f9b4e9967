import type { Fault, Rule } from '@harbor/simulator'

/** The scenario of every contender. */
export interface Scenario {
  readonly calls: number
  readonly perSecond: number
  /** When the primary is down, in milliseconds from the start. */
  readonly down: { readonly from: number; readonly to: number }
  /** What the primary does then to every call. */
  readonly fault: Fault
  /** Whether the calls are streams. */
  readonly streams?: boolean
  /** The longest wait for one attempt, for clients that have such a timeout. Undefined: their defaults. */
  readonly attemptMs?: number
  /** The share of calls that the primary answers with 500 at all other times. */
  readonly errors: number
  /** The share of calls that the second provider answers with 500. @default 0 */
  readonly fallbackErrors?: number
  /** The latency of both providers, in milliseconds. */
  readonly latencyMs: number
}

/** 3,000 calls at 50 a second; the primary is down for 40 % of the time. */
export const FULL: Scenario = {
  calls: 3_000,
  perSecond: 50,
  down: { from: 18_000, to: 42_000 },
  fault: { type: 'status', status: 503 },
  errors: 0.05,
  latencyMs: 20,
}

/** Only to see whether it runs: too short for the timeouts of most contenders. */
export const QUICK: Scenario = quick(FULL)

export function quick(scenario: Scenario): Scenario {
  return { ...scenario, calls: 300, down: { from: 1_800, to: 4_200 } }
}

/** Both providers fail now and then, and are as slow as a short answer of a model is at least. */
const SHORTER: Scenario = {
  ...FULL,
  calls: 1_500,
  down: { from: 8_000, to: 20_000 },
  fallbackErrors: FULL.errors,
  latencyMs: 100,
  attemptMs: 2_000,
}

/** Ways to be down, each for 12 of 30 seconds. */
export const KINDS: Readonly<Record<string, Scenario>> = {
  'answers 503': SHORTER,
  'does not answer': { ...SHORTER, fault: { type: 'hang' } },
  'answers 429, Retry-After 5 s': { ...SHORTER, fault: { type: 'status', status: 429, retryAfter: '5' } },
  'cuts streams before their first content': {
    ...SHORTER,
    fault: { type: 'stream-cut', afterEvents: 0 },
    streams: true,
  },
  'answers after 5 s': { ...SHORTER, fault: { type: 'delay', ms: 5_000 } },
}

export function rulesOf({ down, fault, errors }: Scenario): Rule[] {
  return [{ when: { windowMs: down }, fault }, failNowAndThen(errors)]
}

export function failNowAndThen(probability: number): Rule {
  return { when: { probability }, fault: { type: 'status', status: 500 } }
}
