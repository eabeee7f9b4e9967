/** The maximum requests, tokens and concurrent calls of a model or provider. At least one of these maximums must be set. */
export interface Quota {
  /** The maximum number of requests per minute, at least 1. Beyond it, calls get a 429. @default no limit */
  requestsPerMinute?: number | undefined
  /** The maximum number of tokens per minute, input and output together, at least 1. Beyond it, calls get a 429. @default no limit */
  tokensPerMinute?: number | undefined
  /**
   * The maximum number of input tokens per minute, at least 1. All tokens of a prompt count, also those read from a cache. Beyond it, calls get a
   * 429. @default no limit
   */
  inputTokensPerMinute?: number | undefined
  /** The maximum number of output tokens per minute, at least 1. Beyond it, calls get a 429. @default no limit */
  outputTokensPerMinute?: number | undefined
  /** The maximum number of calls that are answered at the same time, at least 1. Beyond it, calls get a 429. @default no limit */
  concurrency?: number | undefined
}

/**
 * The rate limits of a provider. They apply to calls that run a model. Headers and errors are those of the vendor whose API a call uses.
 */
export interface Limits extends Quota {
  /** Quotas for single models, by the name of the model. All other models share the quota of the provider. @default none */
  models?: Readonly<Record<string, Quota>> | undefined
  /**
   * How long a minute of these limits lasts, in milliseconds, at least 1. With 1_000, the limits apply per second, so that a test passes many minutes
   * quickly. @default 60_000
   */
  minuteMs?: number | undefined
  /** The fraction of a minute's quota that can be used at once after an idle time: above 0, at most 1. @default 1 */
  burst?: number | undefined
  /**
   * How many tokens a call takes from the limits. `'usage'`: the tokens in the `usage` of its answer. `'reserved'`: its input and its maximum output
   * (such as `max_tokens`), as at OpenAI. @default 'usage'
   */
  charge?: 'usage' | 'reserved' | undefined
  /**
   * Whether a call refused with 429 also uses up a request of the quota. If so, a client that retries at once may never get through.
   * @default false
   */
  countRefused?: boolean | undefined
  /**
   * Which headers about limits the answers have. `'all'`: all headers of the vendor. `'retry-after'`: only those of a 429 that say when to try again,
   * such as `retry-after`. `'none'`: none. @default 'all'
   */
  headers?: 'all' | 'retry-after' | 'none' | undefined
  /**
   * How headers report limits and wait times if `minuteMs` is not 60_000. Example: 600 requests per minute, and a `minuteMs` of 1_000.
   * `'wall'`, for a client with a normal clock: headers report 36,000 requests per minute, and the actual wait times. `'scaled'`, for a
   * client whose clock runs 60 times as fast: headers report 600 requests per minute, and 60 times the actual wait times. @default 'wall'
   */
  clock?: 'wall' | 'scaled' | undefined
}
