/** The maximum requests, tokens and concurrent calls of a model or provider. At least one of them must be set. */
export interface Quota {
  /** The maximum number of requests per minute, at least 1. Beyond it, calls get a 429. @default no limit */
  requestsPerMinute?: number | undefined
  /** The maximum number of tokens per minute, input and output together, at least 1. Beyond it, calls get a 429. @default no limit */
  tokensPerMinute?: number | undefined
  /** The maximum number of input tokens per minute, as Anthropic counts them, at least 1. Beyond it, calls get a 429. @default no limit */
  inputTokensPerMinute?: number | undefined
  /** The maximum number of output tokens per minute, as Anthropic counts them, at least 1. Beyond it, calls get a 429. @default no limit */
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
  /** The length of a minute of these limits, in milliseconds, at least 1. With 1_000, a test can run through many minutes quickly. @default 60_000 */
  minuteMs?: number | undefined
  /** The share of a minute's quota that can be used at once after a pause: above 0, at most 1. @default 1 */
  burst?: number | undefined
  /**
   * How many tokens of the limits a call uses up. `'usage'`: the tokens in the `usage` of its answer. `'reserved'`: its input and its
   * maximum output (such as `max_tokens`), as at OpenAI. @default 'usage'
   */
  charge?: 'usage' | 'reserved' | undefined
  /**
   * Whether a call refused with 429 also uses up a request of the quota. If so, a client that retries at once may never get through.
   * @default false
   */
  countRefused?: boolean | undefined
  /**
   * The headers about limits that are sent. `'all'`: all. `'retry-after'`: only `retry-after` and `retry-after-ms`, with a 429. `'none'`:
   * none. @default 'all'
   */
  headers?: 'all' | 'retry-after' | 'none' | undefined
  /**
   * How headers report limits and wait times if `minuteMs` is not 60_000. Example: 600 requests per minute, and a `minuteMs` of 1_000.
   * `'wall'`, for a client with a normal clock: headers report 36,000 requests per minute, and the actual wait times. `'scaled'`, for a
   * client whose clock runs 60 times as fast: headers report 600 requests per minute, and 60 times the actual wait times. @default 'wall'
   */
  clock?: 'wall' | 'scaled' | undefined
}
