/** The health and the latency of one target. */
export interface TargetStats {
  /** The state of its circuit now: `closed`, `open`, `half-open` or `isolated`; always `closed` with `breaker: false`. */
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Whether the circuit of the target lets calls through now: it is `closed` or `half-open`. Cooldowns are not included. */
  readonly available: boolean
  /** The time until the circuit lets a probe through, in milliseconds; 0 unless the circuit is open. */
  readonly retryAfterMs: number
  /** The share of answered calls among the last 100 calls of the target, from 0 to 1; 1 before the first call. */
  readonly successRatio: number
  /**
   * The moving average of the durations of answered calls at this target, in milliseconds. A call that was given up because a hedge answered counts if it raises the average.
   * Undefined before the first of these.
   */
  readonly latencyMs: number | undefined
  /** The latest failure: for a call, its kind, such as `rate-limit`; for a health check, the message of the error. Undefined if there was none. */
  readonly lastFailure: string | undefined
  /** When the last health check was made, in milliseconds since the epoch; undefined if there was none. */
  readonly lastCheckAt: number | undefined
  /** Statistics of each key of the target's provider; undefined if the provider has one key, or if the target was not called yet. */
  readonly keys: readonly KeyStats[] | undefined
}

/** Statistics of one of the several API keys of a target's provider. The key itself is not included. */
export interface KeyStats {
  /** The index of the key in the list of keys, from 0. */
  readonly index: number
  /** The number of requests to the provider that were signed with the key. */
  readonly attempts: number
  /** Why the key is in cooldown, so that calls to the target use another key, in words; undefined if it is not in cooldown. */
  readonly cooldown: string | undefined
  /** Time until the end of the cooldown, in milliseconds; 0 if there is none. */
  readonly retryAfterMs: number
  /**
   * The unused share of the key's rate limit, from 0 to 1; with several limits, the smallest of their unused shares. Undefined before an answer has
   * reported limits.
   */
  readonly left: number | undefined
  /**
   * The indexes of the other keys that share the rate limits of this key. Keys share limits if the provider's answers name the same
   * organization for them.
   */
  readonly sharesLimitsWith: readonly number[]
}
