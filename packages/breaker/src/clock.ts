export { systemClock } from '@harbor/parts'

/** A source of the current time. Pass your own clock to test without waiting. */
export interface Clock {
  /** Returns the current time, in milliseconds since 1970. If it goes back, the breaker continues from the latest time it has seen. */
  now(): number
}

/** A clock that never runs backwards. */
export class SteadyClock implements Clock {
  readonly #clock: Clock
  /** The latest time that `now()` has returned. */
  #last: number
  /** The number of milliseconds that `now()` adds to the time of the clock. */
  #offset = 0

  /** @param from the earliest time to return, in milliseconds since 1970 */
  constructor(clock: Clock, from = -Infinity) {
    this.#clock = clock
    this.#last = from
  }

  /**
   * Returns the time, in milliseconds since 1970. If the clock is set back, this time continues from its last value. So no counts are lost, and the
   * circuit does not stay open for too short or too long a time.
   */
  now(): number {
    const time = this.#clock.now()
    if (time + this.#offset < this.#last) this.#offset = this.#last - time
    return (this.#last = time + this.#offset)
  }
}
