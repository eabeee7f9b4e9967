import type { Clock } from '@harbor/retry'

/** Counts from the epoch and never steps back. */
export const systemClock: Clock = { now: () => ORIGIN + performance.now() }

/** Constant, and surprisingly slow to read. */
const ORIGIN = performance.timeOrigin
