import { LONGEST_TIMER_MS } from '@harbor/parts'
import { spread, type Jitter } from './jitter.ts'
import { atLeast, checksOf, duration, oneOf, validate } from './validate.ts'

/**
 * How long to wait after a failed attempt, in milliseconds.
 *
 * @param attempt number of the attempt that failed, counted from 1
 * @param previousDelayMs what this function returned the time before; 0 at first
 * @param random a number from 0 up to, but not including, 1
 */
export type Backoff = (attempt: number, previousDelayMs: number, random: () => number) => number

/** The shape of delays that grow. */
export interface BackoffOptions {
  /** The first delay, in milliseconds, before jitter. @default 1_000 */
  baseDelayMs?: number | undefined
  /** No delay is longer, in milliseconds. @default 60_000 */
  maxDelayMs?: number | undefined
  /** How many times longer each delay is than the one before. @default 2, for `decorrelated` 3 */
  factor?: number | undefined
  /** How chance spreads the delays; `true` is `'full'`. @default true, for `constant` false */
  jitter?: boolean | Exclude<Jitter, 'decorrelated'> | undefined
}

/** What `retry` does unless told otherwise. The options have been checked. */
export function backoffOf({
  jitter,
  ...options
}: Omit<BackoffOptions, 'jitter'> & { jitter?: boolean | Jitter | undefined }): Backoff {
  return jitter === 'decorrelated' ? wandering(options) : growing({ ...options, jitter })
}

function growing({
  baseDelayMs = 1_000,
  maxDelayMs = 60_000,
  factor = 2,
  jitter = true,
}: BackoffOptions): Backoff {
  return (attempt, _previous, random) =>
    spread(capped(grown(baseDelayMs, factor ** (attempt - 1)), maxDelayMs), jitter, random)
}

function wandering({ baseDelayMs = 1_000, maxDelayMs = 60_000, factor = 3 }: BackoffOptions): Backoff {
  const least = capped(baseDelayMs, maxDelayMs)
  return (_attempt, previousDelayMs, random) => {
    // The range is capped, not the draw: at the cap the delays of two clients still differ.
    const most = capped(grown(Math.max(previousDelayMs, least), factor), maxDelayMs)
    return least + (most - least) * random()
  }
}

/** Powers soon reach Infinity, and 0 times that would be NaN. */
const grown = (delayMs: number, times: number): number => delayMs * Math.min(times, Number.MAX_VALUE)

const capped = (delayMs: number, maxDelayMs: number): number =>
  Math.min(delayMs, maxDelayMs, LONGEST_TIMER_MS)

const CHECKS = {
  baseDelayMs: duration,
  maxDelayMs: duration,
  factor: /* @__PURE__ */ atLeast(1),
  jitter: /* @__PURE__ */ oneOf(true, false, 'full', 'equal', 'none'),
}

/** The ways to back off, each made from its options. */
export const backoff = {
  /** The same delay every time. */
  constant(options: { delayMs: number } & Pick<BackoffOptions, 'jitter'>): Backoff {
    validate(options, checksOf({ delayMs: duration, jitter: CHECKS.jitter }))
    const { delayMs, jitter = false } = options
    return (_attempt, _previous, random) => spread(capped(delayMs, Infinity), jitter, random)
  },

  /** `baseDelayMs` more each time: 1, 2, 3, 4 s. */
  linear(options: Omit<BackoffOptions, 'factor'> = {}): Backoff {
    const { factor: _none, ...checks } = CHECKS
    validate(options, checksOf(checks))
    const { baseDelayMs = 1_000, maxDelayMs = 60_000, jitter = true } = options
    return (attempt, _previous, random) => spread(capped(baseDelayMs * attempt, maxDelayMs), jitter, random)
  },

  /** `factor` times as long each time: 1, 2, 4, 8 s. The default of `retry`. */
  exponential(options: BackoffOptions = {}): Backoff {
    validate(options, checksOf(CHECKS))
    return growing(options)
  },

  /** Anywhere between `baseDelayMs` and `factor` times the delay before. */
  decorrelated(options: Omit<BackoffOptions, 'jitter'> = {}): Backoff {
    const { jitter: _none, ...checks } = CHECKS
    validate(options, checksOf(checks))
    return wandering(options)
  },
}
