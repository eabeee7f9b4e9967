import { LONGEST_TIMER_MS } from '@harbor/parts'
import { checkOptions, type Check } from '../base/check.ts'

/** How a client is closed. */
export interface CloseOptions {
  /**
   * How long requests that were sent, and streams that are read, may go on, in milliseconds; then they are aborted. What was not sent
   * is refused at once in any case. 0 aborts at once, and Infinity waits for as long as they last. @default 30_000
   */
  graceMs?: number | undefined
}

const aGrace: Check = {
  accepts: (value) =>
    value === Infinity || (typeof value === 'number' && value >= 0 && value <= LONGEST_TIMER_MS),
  expected: `a number of milliseconds of at least 0 and at most ${LONGEST_TIMER_MS}, or Infinity`,
}

/** Longer than nearly all answers take, and no longer than the platforms that stop a process usually wait. In milliseconds. */
const GRACE_MS = 30_000

/** @throws OptionError for an unknown option or a value that makes no sense */
export function graceMsOf(options: CloseOptions): number {
  checkOptions(options, { graceMs: aGrace })
  return options.graceMs ?? GRACE_MS
}
