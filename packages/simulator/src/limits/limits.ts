/** How much may be used per minute, and how many calls may be in flight at the same time. */
export interface Quota {
  /** @default no limit */
  requestsPerMinute?: number | undefined
  /** Input and output together. @default no limit */
  tokensPerMinute?: number | undefined
  /** Input alone, as Anthropic counts it. @default no limit */
  inputTokensPerMinute?: number | undefined
  /** Output alone, as Anthropic counts it. @default no limit */
  outputTokensPerMinute?: number | undefined
  /** Calls being answered at the same time. @default no limit */
  concurrency?: number | undefined
}

/** Limits that are enforced for the calls that run a model, with the headers and errors of the vendor whose wire a call uses. */
export interface Limits extends Quota {
  /** Models with their own quota; all others share that of the provider. @default none */
  models?: Readonly<Record<string, Quota>> | undefined
  /** How long a minute takes, in milliseconds: 1_000 lets a test see many of them. @default 60_000 */
  minuteMs?: number | undefined
  /** The share of a minute's quota that can be used at once after a pause. @default 1 */
  burst?: number | undefined
  /**
   * The tokens that a call costs. `'usage'`: those in the `usage` of its answer. `'reserved'`: its input and its
   * maximum output (`max_tokens`), as at OpenAI. @default 'usage'
   */
  charge?: 'usage' | 'reserved' | undefined
  /** Whether a refused call costs a request too, so that a client that retries at once never gets through. @default false */
  countRefused?: boolean | undefined
  /** Which headers about limits are sent: all, only `retry-after` and `retry-after-ms` of a 429, or none. @default 'all' */
  headers?: 'all' | 'retry-after' | 'none' | undefined
  /**
   * How limits and waits in headers are scaled if `minuteMs` is not 60_000. For example, with 600 requests per minute
   * and minutes of one second, `'wall'` reports a limit of 36,000, for a client with a normal clock. `'scaled'` reports
   * 600, and waits as long as in a real minute, for a client with an accelerated clock. @default 'wall'
   */
  clock?: 'wall' | 'scaled' | undefined
}
