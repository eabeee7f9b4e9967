import { RecentRate } from './recent-rate.ts'

/** How many start before the first answer, when nothing is known. */
const FIRST_IN_FLIGHT = 4
/** What is left of a rate at which some succeeded and some were refused. */
const CUT = 0.8
/** What is left of a guess when all were refused. */
const OUTAGE_CUT = 0.5
/** How far refusals lower a guess below the rate that worked before: six doublings. */
const LOWEST_SHARE = 1 / 64
/** A guess with nothing to go by: requests a minute. */
const FIRST_GUESS = 60
/** Below the rate that worked before, a guess doubles in this time. */
const DOUBLING_MS = 5_000
/** Above it, it grows by this share in GROWTH_MS; while all of it is used, twice as fast with each minute without a refusal. */
const GROWTH = 0.05
const GROWTH_MS = 10_000
const MOST_GROWTH = 1
const QUIET_MS = 60_000
/** No provider allows more a minute. */
const MOST = 1e7
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/**
 * Learns by trial a limit that no header states: begins with a few requests, doubles with each round of good answers, and after a refusal
 * guesses the requests a minute from what went through. Refusals of one round trip are one lesson.
 *
 *     some succeeded, then a refusal:  plateau = 0.8 × the rate, guess = 0.8 × what went through
 *     nothing but refusals:            guess halves; the plateau stays, since an outage says nothing about a rate
 *     good answers:                    guess doubles in 5 s up to the plateau, then grows slowly, and faster the longer it is quiet
 */
export class Trial {
  readonly #recent: RecentRate
  #allowed = FIRST_IN_FLIGHT
  #guess: number | undefined
  /** What worked before the latest refusals, and is soon tried again. */
  #plateau = Infinity
  #grownAt = 0
  #refusedAt = 0
  /** Leases up to this number were given out before the latest cut. */
  #cutAt = 0
  #refusedInARow = 0
  /** Good answers since the latest cut. */
  #through = 0

  constructor(now: number) {
    this.#recent = new RecentRate(now)
  }

  /** How many may be in flight as long as nothing is known. */
  get allowed(): number {
    return this.#allowed
  }

  /** Nothing is known any more: begins again, beside what is in flight. */
  restart(inFlight: number): void {
    this.#allowed = inFlight + FIRST_IN_FLIGHT
  }

  /**
   * @param number which lease was answered
   * @returns the new guess of requests a minute, if there is one
   */
  good(number: number, now: number): number | undefined {
    this.#allowed++
    // The answer to a request from before the refusals says nothing about now.
    if (number <= this.#cutAt) return this.#guess
    this.#through++
    this.#recent.add(now)
    this.#refusedInARow = 0
    if (this.#guess !== undefined) this.#guess = this.#grown(this.#guess, now)
    return this.#guess
  }

  /**
   * @param number which lease was refused
   * @param latest the latest lease given out
   * @returns the new guess, and how long to wait if the provider did not say; nothing for one more refusal of the same round
   */
  refused(number: number, latest: number, now: number): { guess: number; pauseMs: number } | undefined {
    if (number <= this.#cutAt) return undefined
    this.#cutAt = latest
    this.#guess = this.#cut(now)
    this.#through = 0
    this.#recent.restart(now)
    this.#grownAt = this.#refusedAt = now
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#refusedInARow)
    this.#refusedInARow = Math.min(30, this.#refusedInARow + 1)
    return { guess: this.#guess, pauseMs }
  }

  /** Nothing starts until then, so that what goes through is counted from there. */
  pausedUntil(atMs: number): void {
    this.#recent.restart(atMs)
  }

  #cut(now: number): number {
    const guess = this.#guess ?? Infinity
    if (this.#through === 0) {
      if (this.#guess === undefined) return FIRST_GUESS
      return Math.max(guess * OUTAGE_CUT, this.#lowest())
    }
    // Traffic may have been light: what is refused then is the guess, as far as it was ever used.
    const best = this.#recent.best(now)
    this.#plateau = CUT * (best * 2 >= guess ? guess : best)
    return Math.max(CUT * Math.min(guess, this.#recent.perMinute(now)), this.#lowest())
  }

  #lowest(): number {
    return this.#plateau === Infinity ? 1 : Math.max(1, this.#plateau * LOWEST_SHARE)
  }

  #grown(guess: number, now: number): number {
    const recent = this.#recent.perMinute(now)
    // A guess that holds requests back further than this must not be slow to grow for that.
    const elapsed = Math.min(now - this.#grownAt, Math.max(GROWTH_MS, 90_000 / guess))
    this.#grownAt = now
    const isUsed = recent * 2 >= guess
    if (guess < this.#plateau && (isUsed || this.#plateau < Infinity))
      return Math.min(MOST, this.#plateau, guess * 2 ** (elapsed / DOUBLING_MS))
    const quietMinutes = isUsed ? Math.floor((now - this.#refusedAt) / QUIET_MS) : 0
    const growth = Math.min(MOST_GROWTH, GROWTH * 2 ** Math.min(10, quietMinutes))
    return Math.min(MOST, guess * (1 + growth) ** (elapsed / GROWTH_MS))
  }
}
