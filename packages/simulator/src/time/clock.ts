import { MAX_TIMER_MS } from '@harbor/parts'
import { setImmediate } from 'node:timers'

/** The clock of a simulator. All its waits and measurements use this clock. */
export interface Clock {
  /** Returns the milliseconds since a fixed moment. */
  now(): number
  /** Calls `callback` after `ms` milliseconds. @returns a function that cancels this */
  after(ms: number, callback: () => void): () => void
  /** Reports that something arrived from a client, or that an answer ended. `VirtualClock` then waits for the client's reaction. */
  noticed(): void
}

/** The clock of the process. Fake timers move it, too. */
export const processClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
  noticed: () => undefined,
}

/**
 * Calls a function in the next turn of the event loop. Fake timers do not stop it, because the real `setImmediate` is read when this module
 * is loaded.
 */
export const nextTurn: (callback: () => void) => void = setImmediate

/** Waits for this number of turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => nextTurn(resolve))
}
