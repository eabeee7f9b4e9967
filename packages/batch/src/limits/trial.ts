/** How many start before the first answer, when nothing is known. */
const FIRST_IN_FLIGHT = 4
const CUT = 0.8
/** Without a refusal a guess grows by this share in GROWTH_MS. */
const GROWTH = 0.05
const GROWTH_MS = 10_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/**
 * Finds out by trial what no header tells: begins with a few requests, doubles with each round of good answers, and after a
 * refusal guesses the requests a minute from what went through. A guess grows slowly and is cut at a refusal, at most
 * once in a round trip.
 */
export class Trial {
  #allowed = FIRST_IN_FLIGHT
  #guess: number | undefined
  #grownAt = 0
  /** Leases up to this number were given out before the latest cut. */
  #cutAt = 0
  #refusedInARow = 0
  /** Since when what went through is counted. */
  #since: number
  #through = 0

  constructor(now: number) {
    this.#since = now
  }

  /** How many may be in flight as long as nothing is known. */
  get allowed(): number {
    return this.#allowed
  }

  /** @returns the new guess of requests a minute, if there is one */
  good(now: number): number | undefined {
    this.#allowed++
    this.#through++
    this.#refusedInARow = 0
    if (this.#guess === undefined) return undefined
    const share = Math.min(1, (now - this.#grownAt) / GROWTH_MS)
    this.#grownAt = now
    return (this.#guess *= 1 + GROWTH * share)
  }

  /**
   * @param number which lease was refused
   * @param latest the latest lease given out
   * @returns the new guess, and how long to wait if the provider did not say; nothing for one more refusal of the same round
   */
  refused(number: number, latest: number, now: number): { guess: number; pauseMs: number } | undefined {
    if (number <= this.#cutAt) return undefined
    this.#cutAt = latest
    const minutes = Math.max(now - this.#since, 1) / 60_000
    const measured = Math.max(1, this.#through / minutes)
    this.#guess = CUT * Math.min(measured, this.#guess ?? Infinity)
    this.#since = this.#grownAt = now
    this.#through = 0
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#refusedInARow)
    this.#refusedInARow = Math.min(30, this.#refusedInARow + 1)
    return { guess: Math.max(1, this.#guess), pauseMs }
  }
}
