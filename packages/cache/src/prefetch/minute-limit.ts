import type { Clock } from '../base/clock.ts'
import { after, waitFor } from '../base/wait-for.ts'

const MINUTE_MS = 60_000

/** Allows at most `perMinute` loads to start within any 60 seconds. */
export class MinuteLimit {
  readonly #perMinute: number
  readonly #clock: Clock
  /** The start times of the loads of the last minute, oldest first, in milliseconds since 1970. */
  readonly #starts: number[] = []

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute
    this.#clock = clock
  }

  /** Counts the start of a load, if one is allowed now. @returns whether it is allowed */
  tryTake(): boolean {
    if (this.#perMinute === Infinity) return true
    const now = this.#clock.now()
    while ((this.#starts[0] ?? Infinity) <= now - MINUTE_MS) this.#starts.shift()
    if (this.#starts.length >= this.#perMinute) return false
    this.#starts.push(now)
    return true
  }

  /** Waits until a load may start, and counts the start. Rejects with the signal's reason if the signal aborts. */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    while (!this.tryTake()) {
      const waitMs = (this.#starts[0] ?? 0) + MINUTE_MS - this.#clock.now()
      await waitFor(signal, (done) => after(Math.max(1, waitMs), done))
    }
  }

  /** Removes the last start, so that it does not count towards the limit. */
  refund(): void {
    this.#starts.pop()
  }
}
