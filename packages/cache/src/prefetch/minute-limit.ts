import { after } from '../base/after.ts'
import type { Clock } from '../base/clock.ts'
import { waitFor } from '../base/wait-for.ts'

const MINUTE_MS = 60_000

/** At most so many turns in any minute. */
export class Pace {
  readonly #perMinute: number
  readonly #clock: Clock
  /** When the turns of the last minute were taken, oldest first. */
  readonly #taken: number[] = []

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute
    this.#clock = clock
  }

  /** Takes a turn if there is one now. */
  tryTurn(): boolean {
    if (this.#perMinute === Infinity) return true
    const now = this.#clock.now()
    while ((this.#taken[0] ?? Infinity) <= now - MINUTE_MS) this.#taken.shift()
    if (this.#taken.length >= this.#perMinute) return false
    this.#taken.push(now)
    return true
  }

  /** Takes a turn as soon as there is one; rejects with the signal's reason. */
  async turn(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    while (!this.tryTurn()) {
      const waitMs = (this.#taken[0] ?? 0) + MINUTE_MS - this.#clock.now()
      await waitFor(signal, (done) => after(Math.max(1, waitMs), done))
    }
  }

  /** The last turn was not needed. */
  giveBack(): void {
    this.#taken.pop()
  }
}
