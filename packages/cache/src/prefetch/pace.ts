import type { Clock } from '../clock.ts'
import { unref } from '../unref.ts'

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
      await sleep(Math.max(1, waitMs), signal)
    }
  }

  /** The last turn was not needed. */
  giveBack(): void {
    this.#taken.pop()
  }
}

/** Rejects at once, with the signal's own reason, when it aborts. */
async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), ms)
  unref(timer)
  const abort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
