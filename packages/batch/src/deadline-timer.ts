import { MAX_TIMER_MS } from '@harbor/parts'
import type { Clock } from './clock.ts'

/**
 * A timer for the earliest of several deadlines. It fires once, at the earliest, and drops the others. No system timer runs while there is no
 * deadline.
 */
export class DeadlineTimer {
  readonly #clock: Clock
  readonly #onDue: (atMs: number) => void
  /** The earliest deadline; `Infinity` if there is none. */
  #at = Infinity
  /** The time for which the system timer is set: `#at`, or an earlier deadline that was cleared. */
  #target = Infinity
  #isClearing = false
  #stop: (() => void) | undefined

  /** @param onDue called with the deadline that has passed, in milliseconds on the clock */
  constructor(clock: Clock, onDue: (atMs: number) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /**
   * Sets a deadline: the timer fires at this time, unless an earlier deadline is set.
   *
   * @param atMs in milliseconds on the clock
   */
  fireBy(atMs: number): void {
    if (atMs >= this.#at) return
    this.#at = atMs
    // A system timer that is set for an earlier time wakes, finds a later deadline, and waits again.
    if (this.#stop && this.#target <= atMs) return
    this.#stop?.()
    this.#wait()
  }

  /**
   * Clears the deadline at once, and the system timer in a microtask. A busy queue runs empty and fills again many times per turn of the event loop:
   * clearing the system timer at once would set a new one each time.
   */
  clear(): void {
    this.#at = Infinity
    if (!this.#stop || this.#isClearing) return
    this.#isClearing = true
    queueMicrotask(() => {
      this.#isClearing = false
      if (this.#at < Infinity) return
      this.#stop?.()
      this.#stop = undefined
    })
  }

  #wait(): void {
    const target = (this.#target = this.#at)
    const left = Math.max(0, Math.ceil(target - this.#clock.now()))
    const ms = Math.min(left, MAX_TIMER_MS)
    const wake = (): void => {
      this.#stop = undefined
      if (this.#at === Infinity) return
      if (left > ms || this.#at > target) this.#wait()
      else this.#fire()
    }
    if (!this.#clock.sleep) {
      const timer = setTimeout(wake, ms)
      this.#stop = () => clearTimeout(timer)
      return
    }
    const controller = new AbortController()
    this.#stop = () => controller.abort('the timer was cleared')
    // If the clock's `sleep` fails, fire at once: a batch that is too small is better than one that is never sent.
    const unlessCleared = (): void => (controller.signal.aborted ? undefined : wake())
    this.#clock.sleep(ms, controller.signal).then(unlessCleared, unlessCleared)
  }

  #fire(): void {
    const at = this.#at
    this.#at = Infinity
    this.#onDue(at)
  }
}
