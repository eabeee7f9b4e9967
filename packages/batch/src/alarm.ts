import { MAX_TIMER_MS } from '@harbor/parts'
import type { Clock } from './clock.ts'

/**
 * One timer for many deadlines: it rings at the earliest one and forgets the others. No timer is left when nothing
 * waits.
 */
export class Alarm {
  readonly #clock: Clock
  readonly #onRing: (atMs: number) => void
  #at = Infinity
  /** The time that the timer is set for: `#at`, or an earlier time. */
  #target = Infinity
  #isClearing = false
  #stop: (() => void) | undefined

  constructor(clock: Clock, onRing: (atMs: number) => void) {
    this.#clock = clock
    this.#onRing = onRing
  }

  /** Rings at this time, unless it is already set to ring earlier. */
  ringBy(atMs: number): void {
    if (atMs >= this.#at) return
    this.#at = atMs
    // A timer set for an earlier time will wake, see that this is later, and wait on.
    if (this.#stop && this.#target <= atMs) return
    this.#stop?.()
    this.#wait()
  }

  /**
   * Cancels the timer at the end of the turn: a busy queue runs empty and fills again many times per turn, and would
   * set a timer each time.
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
      else this.#ring()
    }
    if (!this.#clock.sleep) {
      const timer = setTimeout(wake, ms)
      this.#stop = () => clearTimeout(timer)
      return
    }
    const controller = new AbortController()
    this.#stop = () => controller.abort('the alarm was cleared')
    // If the clock fails to wait, ring at once: a batch that is too small is better than one that never goes.
    const unlessCleared = (): void => (controller.signal.aborted ? undefined : wake())
    this.#clock.sleep(ms, controller.signal).then(unlessCleared, unlessCleared)
  }

  #ring(): void {
    const at = this.#at
    this.#at = Infinity
    this.#onRing(at)
  }
}
