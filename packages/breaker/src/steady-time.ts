import type { Clock } from './clock.ts'

/**
 * A clock's time that never runs backwards: after a step back it goes on from where it was, at the clock's own pace. So a
 * step back loses no count, and makes no opening end early, nor an hour late.
 */
export class SteadyTime {
  readonly #clock: Clock
  #last: number
  #offset = 0

  /** @param notBefore where time begins if the clock is behind it: when a snapshot was taken, perhaps by another clock */
  constructor(clock: Clock, notBefore = -Infinity) {
    this.#clock = clock
    this.#last = notBefore
  }

  now(): number {
    const time = this.#clock.now()
    if (time + this.#offset < this.#last) this.#offset = this.#last - time
    return (this.#last = time + this.#offset)
  }
}
