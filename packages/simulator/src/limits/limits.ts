/** What may be asked within a minute, and at once. */
export interface Quota {
  /** @default no limit */
  requestsPerMinute?: number | undefined
  /** Input and output together. @default no limit */
  tokensPerMinute?: number | undefined
  /** Calls being answered at the same time. @default no limit */
  concurrency?: number | undefined
}

/** Limits that really limit chat, responses and embeddings calls, told as OpenAI tells them. */
export interface Limits extends Quota {
  /** Models that have a quota of their own; all others share the provider's. @default none */
  models?: Readonly<Record<string, Quota>> | undefined
  /** How long a minute takes, in milliseconds: 1_000 lets a test see many of them. @default 60_000 */
  minuteMs?: number | undefined
  /** What share of a minute's quota can be spent at once, after a pause. @default 1 */
  burst?: number | undefined
  /**
   * Which tokens a call costs: those of its `usage`, or, as OpenAI counts, its input and the most it may write (`max_tokens`),
   * whatever it then writes. @default 'usage'
   */
  charge?: 'usage' | 'reserved' | undefined
  /** A refused call costs a request too, so that one who hammers gets nothing. @default false */
  countRefused?: boolean | undefined
  /** Which headers tell of limits: all, only `retry-after` and `retry-after-ms` of a 429, or none. @default 'all' */
  headers?: 'all' | 'retry-after' | 'none' | undefined
  /**
   * Which clock numbers and durations are told in, if `minuteMs` is not 60_000. `wall`: 600 a minute that takes a second are
   * told as 36,000, which is what a client with an ordinary clock can do. `scaled`: as 600, with waits as long as they would
   * be in a whole minute, for a client whose clock runs fast too. @default 'wall'
   */
  clock?: 'wall' | 'scaled' | undefined
}
