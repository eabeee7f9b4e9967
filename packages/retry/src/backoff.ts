import { spread, type Jitter } from './jitter.ts'
import { LONGEST_TIMER_MS } from './sleep.ts'

/**
 * How long to wait after a failed attempt, in milliseconds.
 *
 * @param attempt number of the attempt that failed, counted from 1
 * @param previousDelayMs what this function returned the time before; 0 the first time
 * @param random a number from 0 up to, but not including, 1
 */
export type Backoff = (attempt: number, previousDelayMs: number, random: () => number) => number

/** How delays that grow are shaped. */
export interface BackoffOptions {
  /** The first delay, in milliseconds, before jitter. @default 1_000 */
  baseDelayMs?: number | undefined
  /** No delay is longer, in milliseconds. @default 60_000 */
  maxDelayMs?: number | undefined
  /** How chance spreads the delay; `true` is `'full'`. @default true */
  jitter?: boolean | Exclude<Jitter, 'decorrelated'> | undefined
}

/** The same delay every time, exactly unless `jitter` says otherwise. */
export function constant(options: { delayMs: number; jitter?: BackoffOptions['jitter'] }): Backoff {
  const { delayMs, jitter = 'none' } = options
  return (_attempt, _previous, random) => spread(capped(delayMs, delayMs), jitter, random)
}

/** `baseDelayMs` more each time: 1, 2, 3, 4 s. */
export function linear(options: BackoffOptions = {}): Backoff {
  const { baseDelayMs = 1_000, maxDelayMs = 60_000, jitter = true } = options
  return (attempt, _previous, random) => spread(capped(baseDelayMs * attempt, maxDelayMs), jitter, random)
}

/** `factor` times as much each time: 1, 2, 4, 8 s. The default of `retry`. */
export function exponential(
  options: BackoffOptions & { /** @default 2 */ factor?: number | undefined } = {},
): Backoff {
  const { baseDelayMs = 1_000, maxDelayMs = 60_000, factor = 2, jitter = true } = options
  return (attempt, _previous, random) =>
    spread(
      capped(baseDelayMs * Math.min(factor ** (attempt - 1), Number.MAX_VALUE), maxDelayMs),
      jitter,
      random,
    )
}

/** Anywhere between `baseDelayMs` and `factor` times the previous delay. */
export function decorrelated(
  options: Omit<BackoffOptions, 'jitter'> & { /** @default 3 */ factor?: number | undefined } = {},
): Backoff {
  const { baseDelayMs = 1_000, maxDelayMs = 60_000, factor = 3 } = options
  const least = capped(baseDelayMs, maxDelayMs)
  return (_attempt, previous, random) =>
    // The range is capped, not the draw: at the cap the delays still differ.
    least + (capped(Math.max(previous, least) * factor, maxDelayMs) - least) * random()
}

/** The ways to back off, each made from its options. */
export const backoff = { constant, linear, exponential, decorrelated }

const capped = (delayMs: number, maxDelayMs: number): number =>
  Math.min(delayMs, maxDelayMs, LONGEST_TIMER_MS)
