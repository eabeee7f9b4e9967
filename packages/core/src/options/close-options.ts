import { MAX_TIMER_MS } from '@harbor/parts'
import { checkOptions, type Check } from '../base/check.ts'

/** Options of `close()` of a client or of a Harbor `fetch`. */
export interface CloseOptions {
  /**
   * How long requests in flight, including streams, may continue, in milliseconds. Requests that take longer are aborted. Waiting calls are
   * refused at once. 0: all requests are aborted at once. Infinity: there is no time limit. @default 30_000
   */
  graceMs?: number | undefined
}

const aGrace: Check = {
  accepts: (value) =>
    value === Infinity || (typeof value === 'number' && value >= 0 && value <= MAX_TIMER_MS),
  expected: `a number of milliseconds of at least 0 and at most ${MAX_TIMER_MS}, or Infinity`,
}

/** The default of `graceMs`. Nearly all answers take less time, and platforms usually give a process at least this much time to stop. */
const GRACE_MS = 30_000

/** Returns the grace period from the options, in milliseconds. @throws OptionError for an unknown or invalid option */
export function graceMsOf(options: CloseOptions): number {
  checkOptions(options, { graceMs: aGrace })
  return options.graceMs ?? GRACE_MS
}
