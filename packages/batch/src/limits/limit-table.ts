import { RequestTooLargeError } from '../errors.ts'
import { Bucket } from './bucket.ts'
import type { Cost, LimitKind, LimitStats } from './contracts.ts'
import {
  DAY_MS,
  documentedWindow,
  MAX_RESET_OF_A_MINUTE_MS,
  MINUTE_MS,
  plausible,
  shortestWindow,
  LongestReset,
} from './limit-window.ts'
import type { ObservedLimit, ObservedLimits } from './headers/rate-limit-headers.ts'
import type { RateLimits, RateLimitSettings } from './rate-limits.ts'
import type { SharedLimit } from './limit-source.ts'

/**
 * The maximum usage that is accepted from an answer, as a multiple of the limit. A higher usage is ignored as wrong, since it would block all
 * requests for more than this number of windows.
 */
const MAX_USAGE_FACTOR = 10

const KINDS: Readonly<
  Record<LimitKind, { option: keyof RateLimits; amount: (cost: Cost, requests: number) => number }>
> = {
  requests: { option: 'requestsPerMinute', amount: (_, requests) => requests },
  tokens: { option: 'tokensPerMinute', amount: ({ input, output }) => input + output },
  inputTokens: { option: 'inputTokensPerMinute', amount: ({ input }) => input },
  outputTokens: { option: 'outputTokensPerMinute', amount: ({ output }) => output },
  requestsPerDay: { option: 'requestsPerDay', amount: (_, requests) => requests },
}

const countsRequests = (kind: LimitKind): boolean => kind === 'requests' || kind === 'requestsPerDay'

/** One known limit. */
interface KnownLimit {
  readonly kind: LimitKind
  readonly bucket: Bucket
  readonly ofTokens: boolean
  readonly amount: (cost: Cost, requests: number) => number
  /** The limit that the user has configured, if any. A header can replace it by a lower limit for a while. */
  readonly configured: { readonly limit: number; readonly windowMs: number } | undefined
  /** The time at which a limit from a header expires; `Infinity` if the current limit does not come from a header. */
  expiresAt: number
}

/**
 * The amount that a request took from one limit, and the total that all requests had taken by then. When the answer to this request reports a
 * remaining amount, the total shows how much other requests took in the meantime.
 */
export interface Mark {
  readonly known: KnownLimit
  readonly amount: number
  readonly taken: number
  readonly atMs: number
}

export type Marks = readonly Mark[]

/** All known limits, configured or learned, each with its bucket. A limit that comes from a header expires after its window. */
export class LimitTable {
  readonly #settings: RateLimitSettings
  readonly #longestReset = new LongestReset()
  /** The known limits, in the order in which they became known. */
  #known: readonly KnownLimit[] = []
  #nextExpiry = Infinity

  constructor(settings: RateLimitSettings, now: number) {
    this.#settings = settings
    for (const [kind, { option }] of Object.entries(KINDS) as [LimitKind, (typeof KINDS)[LimitKind]][]) {
      const limit = settings[option]
      if (typeof limit !== 'number') continue
      this.#add(kind, limit, kind === 'requestsPerDay' ? DAY_MS : MINUTE_MS, true, now)
    }
  }

  /** Whether no limit is known. */
  get isEmpty(): boolean {
    return this.#known.length === 0
  }

  /** The limits that were configured or reported in a header. They hold for all processes together; a guess holds for this one. */
  stated(): readonly SharedLimit[] {
    return this.#known.filter(isStated)
  }

  has(kind: LimitKind): boolean {
    return this.#find(kind) !== undefined
  }

  /** Whether this limit was configured or reported in a header. If false, it was found by probing or is unknown. */
  isStated(kind: LimitKind): boolean {
    const known = this.#find(kind)
    return known !== undefined && isStated(known)
  }

  /**
   * Removes expired limits that came from headers. If such a limit is also configured, it returns to its configured value instead.
   *
   * @returns whether any limit has expired
   */
  expire(now: number): boolean {
    if (now < this.#nextExpiry) return false
    this.#known = this.#known.filter((known) => {
      if (known.expiresAt > now) return true
      if (!known.configured) return false
      known.bucket.resize(known.configured.limit, known.configured.windowMs, now)
      known.expiresAt = Infinity
      return true
    })
    this.#nextExpiry = Math.min(Infinity, ...this.#known.map(({ expiresAt }) => expiresAt))
    return true
  }

  /** Returns the error for a request that could never start; undefined for a request that can start. */
  tooLarge(cost: Cost): RequestTooLargeError | undefined {
    const certain = cost.estimated ? withoutEstimates(cost) : cost
    for (const { kind, bucket, ofTokens, amount, configured } of this.#known) {
      // An estimate is rejected only by the user's own limit: a limit from a header may be wrong, and expires after its
      // window.
      const limit = cost.estimated ? configured?.limit : bucket.limit
      if (!ofTokens || limit === undefined || amount(certain, 1) <= limit) continue
      return new RequestTooLargeError(KINDS[kind].option, limit, amount(certain, 1))
    }
    return undefined
  }

  /**
   * Returns the time, in milliseconds on the clock, at which all limits allow a request to start. A limit that comes from a header delays the request
   * at most until that limit expires.
   *
   * @param ahead the summed cost of the requests that start before this one
   * @param requestsAhead the number of these requests
   */
  readyAt(cost: Cost, now: number, ahead = NO_COST, requestsAhead = 0): number {
    let at = now
    for (const { bucket, amount, expiresAt } of this.#known) {
      const readyAt = bucket.readyAt(amount(cost, 1), now, amount(ahead, requestsAhead))
      at = Math.max(at, Math.min(readyAt, expiresAt))
    }
    return at
  }

  take(cost: Cost, now: number): Marks {
    return this.#known.map((known) => {
      const { bucket, ofTokens } = known
      const whole = known.amount(cost, 1)
      // An estimate above the limit takes the whole limit and no more: no answer can use more.
      const amount = ofTokens ? Math.min(whole, bucket.limit) : whole
      bucket.take(amount, now)
      return { known, amount, taken: bucket.takenByAll, atMs: now }
    })
  }

  /** Puts back the amounts of a request that was not sent. Limits that became known later are not changed. */
  undo(marks: Marks, now: number): void {
    for (const { known, amount } of marks) known.bucket.undo(amount, now)
  }

  /** Replaces the estimate of a request that was sent by its actual usage. */
  correct(used: Cost, marks: Marks, now: number): void {
    for (const { known, amount } of marks) {
      const { bucket, ofTokens } = known
      const usedHere = known.amount(used, 1)
      if (ofTokens && usedHere <= MAX_USAGE_FACTOR * Math.max(bucket.limit, amount))
        bucket.correct(amount, usedHere, now)
    }
  }

  /**
   * Learns the limits that the provider reported.
   *
   * @param marks the amounts that the answered request took; undefined if the request is unknown
   */
  observe(observed: ObservedLimits, marks: Marks | undefined, now: number): void {
    for (const kind of ['requests', 'tokens', 'inputTokens', 'outputTokens', 'requestsPerDay'] as const) {
      const reported = observed[kind]
      if (reported) this.#observe(kind, plausible(reported), marks, now)
    }
  }

  /**
   * Blocks the buckets of all limits, except the one per day, until a time. They then have room for one request but no tokens, and are refilled from
   * there.
   */
  pause(untilMs: number, now: number): void {
    for (const { kind, bucket } of this.#known) {
      if (kind !== 'requestsPerDay') bucket.pause(untilMs, kind === 'requests' ? 1 : 0, now)
    }
  }

  /** Sets a limit that was found by probing. */
  guess(kind: LimitKind, limit: number, now: number): void {
    const known = this.#find(kind)
    if (!known) this.#add(kind, limit, MINUTE_MS, false, now)
    else {
      known.bucket.resize(limit, MINUTE_MS, now)
      known.expiresAt = Infinity
    }
  }

  stats(now: number): Partial<Record<LimitKind, LimitStats>> {
    return Object.fromEntries(
      this.#known.map(({ kind, bucket }) => {
        const { limit, windowMs, taken, learned } = bucket
        return [kind, { limit, windowMs, available: bucket.available(now), taken, learned }]
      }),
    )
  }

  #observe(name: keyof ObservedLimits, reported: ObservedLimit, marks: Marks | undefined, now: number): void {
    const { limit, remaining, resetAfterMs = 0, unknownWindow = false } = reported
    // A limit whose window is unknown never makes the limiter slower than the user configured.
    if (unknownWindow && (this.#isConfigured('requests') || this.#isConfigured('requestsPerDay'))) return
    const windowMs = unknownWindow
      ? this.#longestReset.observe(reported.resetAfterMs, now)
      : (reported.windowMs ?? documentedWindow(reported))
    if (windowMs === undefined) return
    const isLong = windowMs > MAX_RESET_OF_A_MINUTE_MS
    // Token limits per day delay no requests: the provider answers 429 when they are used up.
    if (isLong && name !== 'requests' && name !== 'requestsPerDay') return
    const kind = isLong ? 'requestsPerDay' : name
    if (limit !== undefined) {
      const shortestMs = unknownWindow || isLong ? windowMs : (reported.windowMs ?? shortestWindow(reported))
      const known = this.#setLimit(kind, limit, windowMs, shortestMs, now)
      // One header never blocks requests for longer than a day.
      const countsForMs = Math.min(DAY_MS, isLong ? (reported.resetAfterMs ?? windowMs) : windowMs)
      known.expiresAt = now + Math.max(MINUTE_MS, countsForMs)
      this.#nextExpiry = Math.min(this.#nextExpiry, known.expiresAt)
    }
    const known = this.#find(kind)
    if (!known || remaining === undefined) return
    const mark = marks?.find((each) => each.known === known) ?? { taken: known.bucket.takenByAll, atMs: now }
    known.bucket.observe(remaining, mark, now)
    // A fixed window does not refill steadily, but all at once.
    const isFixed = unknownWindow || reported.windowMs !== undefined
    if (isFixed && !isLong && remaining < 1)
      known.bucket.pause(now + Math.min(resetAfterMs, windowMs), kind === 'requests' ? 1 : 0, now)
  }

  #setLimit(kind: LimitKind, limit: number, windowMs: number, shortestMs: number, now: number): KnownLimit {
    const known = this.#find(kind)
    if (!known) return this.#add(kind, limit, windowMs, false, now)
    const { bucket, configured } = known
    if (!configured) bucket.resize(limit, windowMs, now)
    // The configured limit may be a share of the provider's limit, but cannot be more than it.
    else if (limit / shortestMs < configured.limit / configured.windowMs)
      bucket.resize(limit, shortestMs, now)
    else bucket.resize(configured.limit, configured.windowMs, now)
    return known
  }

  #isConfigured(kind: LimitKind): boolean {
    return this.#find(kind)?.configured !== undefined
  }

  #find(kind: LimitKind): KnownLimit | undefined {
    return this.#known.find((each) => each.kind === kind)
  }

  #add(kind: LimitKind, limit: number, windowMs: number, isConfigured: boolean, now: number): KnownLimit {
    const { safety, burstMs } = this.#settings
    const perDay = kind === 'requestsPerDay'
    const options = {
      limit,
      windowMs,
      safety,
      burstMs: perDay ? windowMs : burstMs,
      first: kind === 'requests' ? 1 : Infinity,
    }
    const known: KnownLimit = {
      kind,
      bucket: new Bucket(options, !isConfigured, now),
      ofTokens: !countsRequests(kind),
      amount: KINDS[kind].amount,
      configured: isConfigured ? { limit, windowMs } : undefined,
      expiresAt: Infinity,
    }
    this.#known = [...this.#known, known]
    return known
  }
}

function isStated({ configured, expiresAt }: KnownLimit): boolean {
  return configured !== undefined || expiresAt < Infinity
}

function withoutEstimates({ input, output, estimated }: Cost): Cost {
  return { input: estimated === 'output' ? input : 0, output: estimated === 'input' ? output : 0 }
}

const NO_COST: Cost = { input: 0, output: 0 }
