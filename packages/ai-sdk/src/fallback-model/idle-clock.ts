import { MAX_TIMER_MS } from '@harbor/parts'

/**
 * Limits how long each of many waits may take, such as that of a reader for content. It needs one timer for all of them: when the timer
 * fires during a later wait, it is set again for the time that is left. The timer does not keep the process alive.
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

  /** A wait begins. Does nothing during a wait. */
  start(): void {
    this.#waitingSince ??= performance.now()
    if (this.#timer === undefined) this.#set(this.#limitMs)
  }

  /** The wait is over. */
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
    else this.#set(leftMs)
  }

  #set(ms: number): void {
    this.#timer = setTimeout(this.#check, ms)
    // In browsers a timer is a number.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }
}
