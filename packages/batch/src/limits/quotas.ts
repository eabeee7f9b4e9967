import { RequestTooLargeError } from '../request-too-large-error.ts'
import { Bucket } from './bucket.ts'
import type { Cost, LimitKind, LimitStats } from './contracts.ts'
import {
  DAY_MS,
  documentedWindow,
  LONGEST_RESET_OF_A_MINUTE_MS,
  MINUTE_MS,
  sane,
  surestWindow,
} from './limit-window.ts'
import { LongestReset } from './longest-reset.ts'
import type { ObservedLimit, ObservedLimits } from './rate-limit-headers.ts'
import type { RateLimits, RateLimitSettings } from './rate-limits.ts'

/** How many times a limit an answer may have used. What is more is no usage: it would keep everything waiting for as many windows. */
const MOST_USED = 10

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

/** One limit that is known. */
interface Known {
  readonly kind: LimitKind
  readonly bucket: Bucket
  readonly ofTokens: boolean
  readonly amount: (cost: Cost, requests: number) => number
  /** What the user set. A header lowers it for a while. */
  readonly configured: { readonly limit: number; readonly windowMs: number } | undefined
  /** Until when a header's word counts; `Infinity` for what no header has said. */
  expiresAt: number
}

/** What a request took of one limit, and what had been taken by then: tells which reservations an answer cannot know of. */
export interface Mark {
  readonly known: Known
  readonly amount: number
  readonly taken: number
  readonly atMs: number
}

export type Marks = readonly Mark[]

/** All limits that are known, configured or learned, and how much of each is left. What a header has taught expires after its window. */
export class Quotas {
  readonly #settings: RateLimitSettings
  readonly #longestReset = new LongestReset()
  /** In the order in which they became known. */
  #known: readonly Known[] = []
  #nextExpiry = Infinity

  constructor(settings: RateLimitSettings, now: number) {
    this.#settings = settings
    for (const [kind, { option }] of Object.entries(KINDS) as [LimitKind, (typeof KINDS)[LimitKind]][]) {
      const limit = settings[option]
      if (typeof limit !== 'number') continue
      this.#add(kind, limit, kind === 'requestsPerDay' ? DAY_MS : MINUTE_MS, true, now)
    }
  }

  /** Whether nothing at all is known of how many may start. */
  get unknown(): boolean {
    return this.#known.length === 0
  }

  has(kind: LimitKind): boolean {
    return this.#find(kind) !== undefined
  }

  /** Whether the user or a header said what a limit is: it was not found out by trial. */
  isTold(kind: LimitKind): boolean {
    const known = this.#find(kind)
    return known !== undefined && (known.configured !== undefined || known.expiresAt < Infinity)
  }

  /** Forgets what headers taught a window ago and no header has repeated. @returns whether there was anything */
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

  /** What is wrong with a request that could never start. */
  tooLarge(cost: Cost): RequestTooLargeError | undefined {
    const certain = cost.estimated ? withoutGuesses(cost) : cost
    for (const { kind, bucket, ofTokens, amount, configured } of this.#known) {
      // Where a part is a guess, the user's own limit alone refuses: a header may be wrong, and is forgotten after its window.
      const limit = cost.estimated ? configured?.limit : bucket.limit
      if (!ofTokens || limit === undefined || amount(certain, 1) <= limit) continue
      return new RequestTooLargeError(KINDS[kind].option, limit, amount(certain, 1))
    }
    return undefined
  }

  /** When one request may start, if all that is in `ahead` starts before it, or when more will be known. */
  readyAt(cost: Cost, now: number, ahead = NOTHING, requestsAhead = 0): number {
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
      // An estimate above the limit itself goes all the same: no answer can use more.
      const amount = ofTokens ? Math.min(whole, bucket.limit) : whole
      bucket.take(amount, now)
      return { known, amount, taken: bucket.taken, atMs: now }
    })
  }

  /** Nothing was sent. What was not known when it was taken is not given back. */
  undo(marks: Marks, now: number): void {
    for (const { known, amount } of marks) known.bucket.undo(amount, now)
  }

  /** It was sent, and its tokens were others than estimated. */
  correct(used: Cost, marks: Marks, now: number): void {
    for (const { known, amount } of marks) {
      const { bucket, ofTokens } = known
      const usedHere = known.amount(used, 1)
      if (ofTokens && usedHere <= MOST_USED * Math.max(bucket.limit, amount))
        bucket.correct(amount, usedHere, now)
    }
  }

  /** The provider told of its limits, in an answer to what was sent at `marks`, or out of the blue. */
  observe(observed: ObservedLimits, marks: Marks | undefined, now: number): void {
    for (const kind of ['requests', 'tokens', 'inputTokens', 'outputTokens', 'requestsPerDay'] as const) {
      const told = observed[kind]
      if (told) this.#observe(kind, sane(told), marks, now)
    }
  }

  /** Nothing comes back before then; the first request after it finds room, a crowd does not. */
  pause(untilMs: number, now: number): void {
    for (const { kind, bucket } of this.#known) {
      if (kind !== 'requestsPerDay') bucket.pause(untilMs, kind === 'requests' ? 1 : 0, now)
    }
  }

  /** Sets a limit that was found out by trial. */
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
        const { limit, windowMs, learned } = bucket
        return [kind, { limit, windowMs, available: bucket.available(now), learned }]
      }),
    )
  }

  #observe(name: keyof ObservedLimits, told: ObservedLimit, marks: Marks | undefined, now: number): void {
    const { limit, remaining, resetAfterMs = 0, unitless = false } = told
    // A number without a unit never slows anybody below what the user set.
    if (unitless && (this.#isConfigured('requests') || this.#isConfigured('requestsPerDay'))) return
    const windowMs = unitless
      ? this.#longestReset.see(told.resetAfterMs, now)
      : (told.windowMs ?? documentedWindow(told))
    if (windowMs === undefined) return
    const isLong = windowMs > LONGEST_RESET_OF_A_MINUTE_MS
    // Tokens of a day are not paced: the provider says when they are used up.
    if (isLong && name !== 'requests' && name !== 'requestsPerDay') return
    const kind = isLong ? 'requestsPerDay' : name
    if (limit !== undefined) {
      const surestMs = unitless || isLong ? windowMs : (told.windowMs ?? surestWindow(told))
      const known = this.#setLimit(kind, limit, windowMs, surestMs, now)
      // One header never blocks requests for longer than a day.
      const countsForMs = Math.min(DAY_MS, isLong ? (told.resetAfterMs ?? windowMs) : windowMs)
      known.expiresAt = now + Math.max(MINUTE_MS, countsForMs)
      this.#nextExpiry = Math.min(this.#nextExpiry, known.expiresAt)
    }
    const known = this.#find(kind)
    if (!known || remaining === undefined) return
    const mark = marks?.find((each) => each.known === known) ?? { taken: known.bucket.taken, atMs: now }
    known.bucket.observe(remaining, mark, now)
    // What is counted in fixed windows does not come back steadily, but all at once.
    const isFixed = unitless || told.windowMs !== undefined
    if (isFixed && !isLong && remaining < 1)
      known.bucket.pause(now + Math.min(resetAfterMs, windowMs), kind === 'requests' ? 1 : 0, now)
  }

  #setLimit(kind: LimitKind, limit: number, windowMs: number, surestMs: number, now: number): Known {
    const known = this.#find(kind)
    if (!known) return this.#add(kind, limit, windowMs, false, now)
    const { bucket, configured } = known
    if (!configured) bucket.resize(limit, windowMs, now)
    // What is configured may be a part of the limit; more than the limit it cannot be.
    else if (limit / surestMs < configured.limit / configured.windowMs) bucket.resize(limit, surestMs, now)
    else bucket.resize(configured.limit, configured.windowMs, now)
    return known
  }

  #isConfigured(kind: LimitKind): boolean {
    return this.#find(kind)?.configured !== undefined
  }

  #find(kind: LimitKind): Known | undefined {
    return this.#known.find((each) => each.kind === kind)
  }

  #add(kind: LimitKind, limit: number, windowMs: number, isConfigured: boolean, now: number): Known {
    const { safety, burstMs } = this.#settings
    const perDay = kind === 'requestsPerDay'
    const options = {
      limit,
      windowMs,
      safety,
      burstMs: perDay ? windowMs : burstMs,
      first: kind === 'requests' ? 1 : Infinity,
    }
    const known: Known = {
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

function withoutGuesses({ input, output, estimated }: Cost): Cost {
  return { input: estimated === 'output' ? input : 0, output: estimated === 'input' ? output : 0 }
}

const NOTHING: Cost = { input: 0, output: 0 }
