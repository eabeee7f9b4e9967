import { number, wholeNumber } from '../script/check-fields.ts'
import { type Clock, turns } from './clock.ts'

/** Options of `advance()`: what else moves with the virtual time, and in which steps. All are optional. */
export interface AdvanceOptions {
  /**
   * Called after each step of the virtual time, with its length in milliseconds. Use it to advance the client's fake timers by the same
   * time: `(ms) => t.mock.timers.tick(ms)`.
   * @default the fake timers of vitest, or `mock.timers` of node:test, if they are on and `useSimulator()` is used
   */
  alongside?: ((ms: number) => void) | undefined
  /** The longest step, in milliseconds, at least 1. Used only if `alongside` is set. @default a thousandth of the time to advance, but at least 1 */
  stepMs?: number | undefined
}

interface Timer {
  at: number
  callback: () => void
}

// What a client does next shows within a few turns of the event loop: its request is on the way through this process alone.
const QUIET_TURNS = 4
// After something happened, the answer still has to reach the client, and its next request the server.
const BUSY_TURNS = 25

/** A clock that only `advance()` moves. */
export class VirtualClock implements Clock {
  #now = 0
  #events = 0
  #timers: Timer[] = []
  #advancing: Promise<void> = Promise.resolve()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    const place = this.#timers.findIndex(({ at }) => at > timer.at)
    if (place < 0) this.#timers.push(timer)
    else this.#timers.splice(place, 0, timer)
    this.#events++
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  noticed(): void {
    this.#events++
  }

  /**
   * Advances the time from timer to timer. After each timer, the clients in this process get a few turns of the event loop to react.
   *
   * @param ms milliseconds
   * @throws TypeError if a number is wrong; whatever `alongside` throws
   */
  async advance(ms: number, options: AdvanceOptions = {}): Promise<void> {
    number()(ms, 'ms')
    const { alongside, stepMs = Math.max(1, Math.ceil(ms / 1_000)) } = options
    wholeNumber(1)(stepMs, 'stepMs')
    // One after the other, also if a test does not wait for the first.
    const moved = this.#advancing.then(() => this.#advance(ms, alongside, stepMs))
    this.#advancing = moved.catch(() => undefined)
    return moved
  }

  async #advance(ms: number, alongside: AdvanceOptions['alongside'], stepMs: number): Promise<void> {
    const end = this.#now + ms
    await this.#settle()
    while (this.#now < end || this.#isDue()) {
      const next = Math.max(this.#now, this.#timers[0]?.at ?? Infinity)
      const to = Math.min(end, next, alongside ? this.#now + stepMs : Infinity)
      const step = to - this.#now
      this.#now = to
      while (this.#isDue()) this.#timers.shift()?.callback()
      if (step > 0) alongside?.(step)
      await this.#settle()
    }
  }

  #isDue(): boolean {
    const [first] = this.#timers
    return first !== undefined && first.at <= this.#now
  }

  /** Waits until nothing has happened for a few turns of the event loop. */
  async #settle(): Promise<void> {
    let seen
    let count = QUIET_TURNS
    do {
      seen = this.#events
      await turns(count)
      count = BUSY_TURNS
    } while (seen !== this.#events)
  }
}
