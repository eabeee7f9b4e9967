import { checksOf, MAX_TIMER_MS } from '@harbor/parts'
import { atLeast, duration, oneOf, validate } from '../validate.ts'
import { applyJitter, type Jitter } from './jitter.ts'

/**
 * Returns the delay after a failed attempt, in milliseconds.
 *
 * @param attempt the number of the attempt that failed, counted from 1
 * @param previousDelayMs the previous delay from this function in the same run, in milliseconds; 0 for the first one
 * @param random returns a number from 0 up to, but not including, 1
 */
export type Backoff = (attempt: number, previousDelayMs: number, random: () => number) => number

/** Options of the built-in backoffs, which determine how delays grow from attempt to attempt. `retry` has options with the same names. */
export interface BackoffOptions {
  /** The first delay, in milliseconds, before jitter. At least 0. @default 1_000 */
  baseDelayMs?: number | undefined
  /**
   * The longest delay, in milliseconds, before jitter; longer delays are reduced to it. At most about 24.8 days, the longest timer. @default 60_000
   */
  maxDelayMs?: number | undefined
  /**
   * How many times as long each delay is as the one before, at least 1. With `decorrelated`, each delay is random, up to `factor` times the previous
   * delay. @default 2, or 3 for `decorrelated`
   */
  factor?: number | undefined
  /**
   * How delays are randomised. `'full'` (or `true`): between 0 and the delay. `'equal'`: between half of the delay and the delay. `'none'` (or
   * `false`): not at all. @default true, or false for `constant`
   */
  jitter?: boolean | Exclude<Jitter, 'decorrelated'> | undefined
}

/** Creates the backoff of a policy without the option `backoff`. The options must have been checked. */
export function backoffOf({
  jitter,
  ...options
}: Omit<BackoffOptions, 'jitter'> & { jitter?: boolean | Jitter | undefined }): Backoff {
  return jitter === 'decorrelated' ? decorrelated(options) : exponential({ ...options, jitter })
}

function exponential({
  baseDelayMs = 1_000,
  maxDelayMs = 60_000,
  factor = 2,
  jitter = true,
}: BackoffOptions): Backoff {
  return (attempt, _previous, random) =>
    applyJitter(capped(grown(baseDelayMs, factor ** (attempt - 1)), maxDelayMs), jitter, random)
}

function decorrelated({ baseDelayMs = 1_000, maxDelayMs = 60_000, factor = 3 }: BackoffOptions): Backoff {
  const minDelayMs = capped(baseDelayMs, maxDelayMs)
  return (_attempt, previousDelayMs, random) => {
    // Caps the range instead of the random delay, so that the delays of two clients still differ at the cap.
    const upToMs = capped(grown(Math.max(previousDelayMs, minDelayMs), factor), maxDelayMs)
    return minDelayMs + (upToMs - minDelayMs) * random()
  }
}

/** Multiplies a delay. `times` is a power, which can become infinite; it is limited to a finite number, because 0 times Infinity is NaN. */
const grown = (delayMs: number, times: number): number => delayMs * Math.min(times, Number.MAX_VALUE)

const capped = (delayMs: number, maxDelayMs: number): number => Math.min(delayMs, maxDelayMs, MAX_TIMER_MS)

const CHECKS = {
  baseDelayMs: duration,
  maxDelayMs: duration,
  factor: /* @__PURE__ */ atLeast(1),
  jitter: /* @__PURE__ */ oneOf(true, false, 'full', 'equal', 'none'),
}

/**
 * The built-in backoffs, for the option `backoff` of `retry` and `createRetry`. Each function takes its options and returns a `Backoff`; it throws a
 * TypeError for an option that does not exist or has a wrong value.
 */
export const backoff = {
  /** Creates a backoff with the same delay before every retry. */
  constant(options: { delayMs: number } & Pick<BackoffOptions, 'jitter'>): Backoff {
    validate(options, checksOf({ delayMs: duration, jitter: CHECKS.jitter }))
    const { delayMs, jitter = false } = options
    return (_attempt, _previous, random) => applyJitter(capped(delayMs, Infinity), jitter, random)
  },

  /** Creates a backoff in which each delay, before jitter, is `baseDelayMs` longer than the one before: 1, 2, 3, 4 s. */
  linear(options: Omit<BackoffOptions, 'factor'> = {}): Backoff {
    const { factor: _none, ...checks } = CHECKS
    validate(options, checksOf(checks))
    const { baseDelayMs = 1_000, maxDelayMs = 60_000, jitter = true } = options
    return (attempt, _previous, random) =>
      applyJitter(capped(baseDelayMs * attempt, maxDelayMs), jitter, random)
  },

  /**
   * Creates a backoff in which each delay, before jitter, is `factor` times the one before: 1, 2, 4, 8 s. This is the default of `retry`.
   */
  exponential(options: BackoffOptions = {}): Backoff {
    validate(options, checksOf(CHECKS))
    return exponential(options)
  },

  /** Creates a backoff with random delays between `baseDelayMs` and `factor` times the previous delay. */
  decorrelated(options: Omit<BackoffOptions, 'jitter'> = {}): Backoff {
    const { jitter: _none, ...checks } = CHECKS
    validate(options, checksOf(checks))
    return decorrelated(options)
  },
}
