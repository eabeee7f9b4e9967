import { MAX_TIMER_MS } from '@harbor/parts'

/**
 * Limits the time that a reader waits for content. It runs only while the reader waits, and needs one timer for many waits: when the timer
 * fires during a later wait, it is set again for the time that is left.
 */
export class IdleClock {
  readonly #limitMs: number
  readonly #onIdle: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #waitingSince: number | undefined

  /** @param limitMs in milliseconds */
  constructor(limitMs: number, onIdle: () => void) {
    this.#limitMs = Math.min(limitMs, MAX_TIMER_MS)
    this.#onIdle = onIdle
  }

  /** The reader begins to wait. Does nothing if it waits already. */
  start(): void {
    this.#waitingSince ??= performance.now()
    this.#timer ??= setTimeout(this.#check, this.#limitMs)
  }

  /** Content has arrived. */
  pause(): void {
    this.#waitingSince = undefined
  }

  stop(): void {
    this.pause()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #check = (): void => {
    this.#timer = undefined
    if (this.#waitingSince === undefined) return
    const leftMs = this.#waitingSince + this.#limitMs - performance.now()
    // Timers may fire a little early.
    if (leftMs < 1) this.#onIdle()
    else this.#timer = setTimeout(this.#check, leftMs)
  }
}
