import { LONGEST_TIMER_MS } from '@harbor/parts'
import type { Clock } from '../clock.ts'

/** One timer for many deadlines: it rings at the earliest that it was given, and knows no other. Nothing is left at rest. */
export class Alarm {
  readonly #clock: Clock
  readonly #onRing: (atMs: number) => void
  #at = Infinity
  /** What the timer waits for: that time, or an earlier one. */
  #target = Infinity
  #isClearing = false
  #stop: (() => void) | undefined

  constructor(clock: Clock, onRing: (atMs: number) => void) {
    this.#clock = clock
    this.#onRing = onRing
  }

  /** Rings at this time at the latest. */
  ringBy(atMs: number): void {
    if (atMs >= this.#at) return
    this.#at = atMs
    // What waits for an earlier time already will see that this is a later one, and wait on.
    if (this.#stop && this.#target <= atMs) return
    this.#stop?.()
    this.#wait()
  }

  /** At the end of the turn: a busy queue runs empty and fills again many times in one, and would set as many timers. */
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
    const ms = Math.min(left, LONGEST_TIMER_MS)
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
    // A clock that fails to wait rings at once: better a small batch than one that never goes.
    const unlessCleared = (): void => (controller.signal.aborted ? undefined : wake())
    this.#clock.sleep(ms, controller.signal).then(unlessCleared, unlessCleared)
  }

  #ring(): void {
    const at = this.#at
    this.#at = Infinity
    this.#onRing(at)
  }
}
