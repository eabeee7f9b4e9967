import { MAX_TIMER_MS } from '@harbor/parts'
import { setImmediate } from 'node:timers'

/** The time of a simulator: all its waits and measurements. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number
  /** Calls a function after a time in milliseconds. @returns a function that cancels it */
  after(ms: number, callback: () => void): () => void
  /** Called when something arrives from a client, or an answer ends. */
  noticed(): void
}

/** The time of the process, which fake timers move too. */
export const processClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
  noticed: () => undefined,
}

/**
 * Calls a function in the next turn of the event loop. Taken when this module is loaded, so that fake timers do not stop it: what has
 * no duration in real time has none in theirs.
 */
export const nextTurn: (callback: () => void) => void = setImmediate

/** Waits for some turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => nextTurn(resolve))
}
