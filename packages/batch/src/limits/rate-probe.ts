import { RecentRate } from './recent-rate.ts'

/** The number of requests that start before the first answer, when no limit is known. */
const FIRST_IN_FLIGHT = 4
/**
 * After a 429, this share of the rate at which requests succeeded becomes the new guess of the limit, and the new plateau. Applies if some requests
 * have succeeded since the guess was last lowered.
 */
const CUT = 0.8
/** The factor that multiplies the guess of the limit after a 429, if no request has succeeded since the guess was last lowered. */
const OUTAGE_CUT = 0.5
/**
 * The minimum guess of the limit, as a share of the plateau (the rate that worked before the latest 429s). From this minimum, six doublings lead back
 * to the plateau.
 */
const MIN_SHARE = 1 / 64
/** The first guess of the limit if no request has succeeded, in requests per minute. */
const FIRST_GUESS = 60
/** The time in which the guess of the limit doubles, in milliseconds, while it is below the plateau (the rate that worked before the latest 429s). */
const DOUBLING_MS = 5_000
/** The share by which the guess of the limit first grows in each GROWTH_MS, above the plateau. */
const GROWTH = 0.05
const GROWTH_MS = 10_000
/** The maximum share by which the guess of the limit grows in each GROWTH_MS, above the plateau. */
const MAX_GROWTH = 1
/**
 * The time without a 429, in milliseconds, after which the growth of the guess doubles. The growth doubles again after each further such time, as
 * long as at least half of the guess is used.
 */
const QUIET_MS = 60_000
/** The maximum guess of the limit, in requests per minute: no provider allows more. */
const MAX_GUESS = 1e7
/** The pause after a 429 without a retry delay, in milliseconds. The pause doubles with each further 429, until a request succeeds. */
const FIRST_PAUSE_MS = 1_000
/** The maximum pause after a 429 without a retry delay, in milliseconds. */
const MAX_PAUSE_MS = 60_000

/**
 * Estimates the requests per minute that a provider allows, if no header reports them. Starts with a few requests in flight, and doubles their number
 * with each round of successes. After a 429, guesses the limit from the rate of the requests that succeeded. All 429s of one round trip count as one.
 *
 *     some succeeded, then a 429:  plateau = 0.8 × the best rate, guess = 0.8 × the current rate of successes
 *     only 429s:                   guess halves; the plateau stays, since an outage says nothing about a rate
 *     successes:                   guess doubles in 5 s up to the plateau, then grows slowly, and faster the longer there is no 429
 */
export class RateProbe {
  readonly #recent: RecentRate
  #allowed = FIRST_IN_FLIGHT
  #guess: number | undefined
  /** The plateau: the rate that worked before the latest 429s. The guess returns to this rate quickly. */
  #plateau = Infinity
  #grownAt = 0
  #refusedAt = 0
  /**
   * The number of the latest lease granted when the guess was last lowered. Answers to this lease and to earlier ones say nothing about the lowered
   * guess.
   */
  #cutAt = 0
  #refusalsInARow = 0
  /** The number of requests that succeeded since the guess was last lowered. */
  #succeeded = 0

  constructor(now: number) {
    this.#recent = new RecentRate(now)
  }

  /** The maximum number of requests in flight while no limit is known. */
  get allowed(): number {
    return this.#allowed
  }

  /**
   * Starts over, since the last known limit has expired.
   *
   * @param inFlight the number of requests in flight now; FIRST_IN_FLIGHT more may start
   */
  restart(inFlight: number): void {
    this.#allowed = inFlight + FIRST_IN_FLIGHT
  }

  /**
   * Learns from an answer that is not a 429.
   *
   * @param number the number of the lease that was answered
   * @returns the new guess of requests per minute, if there is one
   */
  succeeded(number: number, now: number): number | undefined {
    this.#allowed++
    // A request that was sent before the latest 429s says nothing about the current rate.
    if (number <= this.#cutAt) return this.#guess
    this.#succeeded++
    this.#recent.add(now)
    this.#refusalsInARow = 0
    if (this.#guess !== undefined) this.#guess = this.#grown(this.#guess, now)
    return this.#guess
  }

  /**
   * Learns from a 429.
   *
   * @param number the number of the lease that was rejected
   * @param latest the number of the latest lease granted
   * @returns the new guess, and the pause in milliseconds if the provider has requested none; undefined for a further 429 of the same round trip
   */
  refused(number: number, latest: number, now: number): { guess: number; pauseMs: number } | undefined {
    if (number <= this.#cutAt) return undefined
    this.#cutAt = latest
    this.#guess = this.#cut(now)
    this.#succeeded = 0
    this.#recent.restart(now)
    this.#grownAt = this.#refusedAt = now
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#refusalsInARow)
    this.#refusalsInARow = Math.min(30, this.#refusalsInARow + 1)
    return { guess: this.#guess, pauseMs }
  }

  /** Restarts the measurement of the current rate at the end of a pause, since no request starts during the pause. */
  pausedUntil(atMs: number): void {
    this.#recent.restart(atMs)
  }

  #cut(now: number): number {
    const guess = this.#guess ?? Infinity
    if (this.#succeeded === 0) {
      if (this.#guess === undefined) return FIRST_GUESS
      return Math.max(guess * OUTAGE_CUT, this.#minimum())
    }
    // If less than half of the guess was used, the 429s say nothing about the guess, only about the rate that was used.
    const best = this.#recent.best(now)
    this.#plateau = CUT * (best * 2 >= guess ? guess : best)
    return Math.max(CUT * Math.min(guess, this.#recent.perMinute(now)), this.#minimum())
  }

  #minimum(): number {
    return this.#plateau === Infinity ? 1 : Math.max(1, this.#plateau * MIN_SHARE)
  }

  #grown(guess: number, now: number): number {
    const recent = this.#recent.perMinute(now)
    // `elapsed` is limited so that an idle time does not raise the guess too far. If the guess is less than one request
    // per GROWTH_MS, a longer time between answers is normal.
    const elapsed = Math.min(now - this.#grownAt, Math.max(GROWTH_MS, 90_000 / guess))
    this.#grownAt = now
    const isUsed = recent * 2 >= guess
    if (guess < this.#plateau && (isUsed || this.#plateau < Infinity))
      return Math.min(MAX_GUESS, this.#plateau, guess * 2 ** (elapsed / DOUBLING_MS))
    const quietMinutes = isUsed ? Math.floor((now - this.#refusedAt) / QUIET_MS) : 0
    const growth = Math.min(MAX_GROWTH, GROWTH * 2 ** Math.min(10, quietMinutes))
    return Math.min(MAX_GUESS, guess * (1 + growth) ** (elapsed / GROWTH_MS))
  }
}
