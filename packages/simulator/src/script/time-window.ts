import type { Range } from './range.ts'

/** The time from `from` (included) to `to` (excluded), in milliseconds. If `from` or `to` is missing, the window has no bound on that side. */
export interface TimeWindow extends Range {
  /**
   * The period after which the window repeats, in milliseconds. It simulates a provider that fails at regular
   * intervals. @default no repetition
   */
  everyMs?: number | undefined
}

/** Whether a time is in a window, which may repeat. */
export function isIn({ from = 0, to = Infinity, everyMs }: TimeWindow, elapsedMs: number): boolean {
  const time = everyMs === undefined ? elapsedMs : elapsedMs % everyMs
  return time >= from && time < to
}
