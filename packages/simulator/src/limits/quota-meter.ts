import type { Limits, Quota } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a quota counts. */
export type QuotaKind = 'requests' | 'tokens' | 'input-tokens' | 'output-tokens'

/** The tokens that a call is charged. */
export interface TokenCost {
  input: number
  output: number
}

/** Why a call is refused. */
export type Shortage =
  | { kind: QuotaKind; limit: number; used: number; requested: number; waitMs: number }
  /** The call needs more tokens than the quota allows per minute, so waiting does not help. */
  | { kind: 'too-large'; of: QuotaKind; limit: number; requested: number }
  | { kind: 'concurrency'; limit: number }

/**
 * The state of one quota as the headers report it: the limit, what is left, and the time until all of it is available.
 */
export interface Standing {
  kind: QuotaKind
  limit: number
  remaining: number
  resetMs: number
}

interface Meter {
  kind: QuotaKind
  perMinute: number
  /** `perMinute` as the headers report it, scaled as `Limits.clock` says. */
  limit: number
  bucket: TokenBucket
}

/** Tracks how much of one quota is left. The limits and waits that it reports are scaled as `Limits.clock` says. */
export class QuotaMeter {
  readonly #meters: readonly Meter[]
  readonly #concurrency: number
  readonly #countRefused: boolean
  readonly #slowness: number
  #running = 0

  constructor(quota: Quota, limits: Limits, now: number) {
    const { minuteMs = 60_000, burst = 1, clock = 'wall', countRefused = false } = limits
    const meter = (kind: Meter['kind'], perMinute: number | undefined): Meter[] => {
      if (perMinute === undefined) return []
      const bucket = new TokenBucket(Math.max(1, perMinute * burst), perMinute / minuteMs, now)
      const limit = clock === 'wall' ? Math.round((perMinute * 60_000) / minuteMs) : perMinute
      return [{ kind, perMinute, limit, bucket }]
    }
    this.#meters = [
      ...meter('requests', quota.requestsPerMinute),
      ...meter('tokens', quota.tokensPerMinute),
      ...meter('input-tokens', quota.inputTokensPerMinute),
      ...meter('output-tokens', quota.outputTokensPerMinute),
    ]
    this.#concurrency = quota.concurrency ?? Infinity
    this.#countRefused = countRefused
    this.#slowness = clock === 'wall' ? 1 : 60_000 / minuteMs
  }

  /**
   * Charges a call to the quota: one request, its tokens and a concurrency slot. If one of them is not available, the
   * call is charged nothing; with `countRefused`, only the request.
   *
   * @returns what is not available; undefined if the call was charged
   */
  take(tokens: TokenCost, now: number): Shortage | undefined {
    const shortage = this.#shortage(tokens, now)
    if (shortage === undefined) {
      for (const { kind, bucket } of this.#meters) bucket.take(costIn(kind, tokens), now)
      this.#running++
    } else if (this.#countRefused) {
      const requests = this.#meters.find(({ kind }) => kind === 'requests')?.bucket
      requests?.take(Math.max(0, Math.min(1, requests.available(now))), now)
    }
    return shortage
  }

  /** Frees the concurrency slot of a call that has ended. */
  release(): void {
    this.#running--
  }

  standing(now: number): Standing[] {
    return this.#meters.map(({ kind, limit, bucket }) => ({
      kind,
      limit,
      remaining: Math.max(0, Math.floor(bucket.available(now) + bucket.capacity * 1e-9)),
      resetMs: bucket.resetMs(now) * this.#slowness,
    }))
  }

  #shortage(tokens: TokenCost, now: number): Shortage | undefined {
    if (this.#running >= this.#concurrency) return { kind: 'concurrency', limit: this.#concurrency }
    let longest: Extract<Shortage, { waitMs: number }> | undefined
    for (const { kind, perMinute, limit, bucket } of this.#meters) {
      const requested = costIn(kind, tokens)
      if (kind !== 'requests' && requested > perMinute)
        return { kind: 'too-large', of: kind, limit: perMinute, requested }
      const waitMs = bucket.waitMs(requested, now) * this.#slowness
      if (waitMs > (longest?.waitMs ?? 0)) {
        longest = { kind, limit, used: limit - Math.floor(bucket.available(now)), requested, waitMs }
      }
    }
    return longest
  }
}

/** Returns how much a call is charged in one kind of quota. */
function costIn(kind: QuotaKind, { input, output }: TokenCost): number {
  switch (kind) {
    case 'requests':
      return 1
    case 'tokens':
      return input + output
    case 'input-tokens':
      return input
    case 'output-tokens':
      return output
  }
}
