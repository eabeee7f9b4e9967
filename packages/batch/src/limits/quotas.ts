import { RequestTooLargeError } from '../request-too-large-error.ts'
import { Bucket, type Mark } from './bucket.ts'
import type { Cost, LimitKind, LimitStats } from './contracts.ts'
import type { ObservedLimit, ObservedLimits } from './rate-limit-headers.ts'
import type { RateLimits, RateLimitSettings } from './rate-limits.ts'

/** What was sent when: one mark for each bucket that there was, in their order. */
export type Marks = readonly Mark[]

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** A limit of a minute is whole again after one; a reset much later than that is of a longer window. Providers round, and let debts be made. */
const LONGEST_RESET_OF_A_MINUTE_MS = 90_000

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
}

/** All limits that are known, configured or learned, and how much of each is left. */
export class Quotas {
  readonly #settings: RateLimitSettings
  /** In the order in which they became known. None is ever forgotten. */
  readonly #known: Known[] = []

  constructor(settings: RateLimitSettings, now: number) {
    this.#settings = settings
    for (const [kind, { option }] of Object.entries(KINDS) as [LimitKind, (typeof KINDS)[LimitKind]][]) {
      const limit = settings[option]
      if (typeof limit === 'number')
        this.#add(kind, limit, kind === 'requestsPerDay' ? DAY_MS : MINUTE_MS, false, now)
    }
  }

  /** Whether nothing at all is known of how many may start. */
  get unknown(): boolean {
    return this.#known.length === 0
  }

  has(kind: LimitKind): boolean {
    return this.#find(kind) !== undefined
  }

  /** What is wrong with a request that could never start. */
  tooLarge(cost: Cost): RequestTooLargeError | undefined {
    for (const { kind, bucket, ofTokens, amount } of this.#known) {
      if (!ofTokens || amount(cost, 1) <= bucket.limit) continue
      return new RequestTooLargeError(KINDS[kind].option, bucket.limit, amount(cost, 1))
    }
    return undefined
  }

  /** When one request may start, if all that is in `ahead` starts before it. */
  readyAt(cost: Cost, now: number, ahead = NOTHING, requestsAhead = 0): number {
    let at = now
    for (const { bucket, amount } of this.#known) {
      at = Math.max(at, bucket.readyAt(amount(cost, 1), now, amount(ahead, requestsAhead)))
    }
    return at
  }

  take(cost: Cost, now: number): Marks {
    return this.#known.map(({ bucket, amount }) => {
      bucket.take(amount(cost, 1), now)
      return bucket.mark(now)
    })
  }

  /** Nothing was sent. What was not known when it was taken is not given back. */
  undo(cost: Cost, marks: Marks, now: number): void {
    for (const { bucket, amount } of this.#known.slice(0, marks.length)) bucket.undo(amount(cost, 1), now)
  }

  /** It was sent, and its tokens were others than estimated. */
  correct(estimate: Cost, used: Cost, marks: Marks, now: number): void {
    for (const { bucket, ofTokens, amount } of this.#known.slice(0, marks.length)) {
      if (ofTokens) bucket.correct(amount(estimate, 1), amount(used, 1), now)
    }
  }

  /** The provider told of its limits, in an answer to what was sent at `marks`, or out of the blue. */
  observe(observed: ObservedLimits, marks: Marks | undefined, now: number): void {
    for (const kind of ['requests', 'tokens', 'inputTokens', 'outputTokens'] as const) {
      const told = observed[kind]
      if (told) this.#observe(kind, told, marks, now)
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
    const bucket = this.#find(kind)?.bucket
    if (bucket) bucket.resize(limit, MINUTE_MS, now)
    else this.#add(kind, limit, MINUTE_MS, true, now)
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
    const windowMs = windowOf(told)
    const kind = name === 'requests' && windowMs > MINUTE_MS ? 'requestsPerDay' : name
    const { limit, remaining } = told
    const known = this.#find(kind)?.bucket
    if (limit !== undefined && limit > 0) {
      if (!known) this.#add(kind, limit, windowMs, true, now)
      // What is configured may be a part of the limit; more than the limit it cannot be.
      else if (known.learned || limit < known.limit) known.resize(limit, windowMs, now)
    }
    const place = this.#known.findIndex((each) => each.kind === kind)
    const bucket = this.#known[place]?.bucket
    if (bucket && remaining !== undefined) bucket.observe(remaining, marks?.[place] ?? bucket.mark(now), now)
  }

  #find(kind: LimitKind): Known | undefined {
    return this.#known.find((each) => each.kind === kind)
  }

  #add(kind: LimitKind, limit: number, windowMs: number, learned: boolean, now: number): void {
    const { safety, burstMs } = this.#settings
    const perDay = kind === 'requestsPerDay'
    const options = {
      limit,
      windowMs,
      safety,
      burstMs: perDay ? windowMs : burstMs,
      first: kind === 'requests' ? 1 : Infinity,
    }
    this.#known.push({
      kind,
      bucket: new Bucket(options, learned, now),
      ofTokens: !countsRequests(kind),
      amount: KINDS[kind].amount,
    })
  }
}

const NOTHING: Cost = { input: 0, output: 0 }

/**
 * The window of a limit: a minute, unless it takes longer than one until all of it is back. Some providers tell of a day's requests
 * in the same headers; then what is missing and how long it takes to come back give the window.
 */
function windowOf({ limit, remaining, resetAfterMs = 0 }: ObservedLimit): number {
  if (resetAfterMs <= LONGEST_RESET_OF_A_MINUTE_MS) return MINUTE_MS
  const missing = limit === undefined || remaining === undefined ? 0 : limit - remaining
  return missing > 0 ? Math.min(DAY_MS, (resetAfterMs * (limit ?? 0)) / missing) : DAY_MS
}
