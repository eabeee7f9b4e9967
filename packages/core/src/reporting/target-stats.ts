/** Health and latency of one target. */
export interface TargetStats {
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Whether a call would be sent to this target now. */
  readonly available: boolean
  /** Time until the circuit lets a probe through, in milliseconds; 0 unless the circuit is open. */
  readonly retryAfterMs: number
  /** The share of the last 100 calls that the target answered, from 0 to 1; 1 before the first call. */
  readonly successRatio: number
  /** Moving average of the durations of answered calls, in milliseconds; undefined before the first answer. */
  readonly latencyMs: number | undefined
  /** The kind of the last failure, or the result of the last health check. */
  readonly lastFailure: string | undefined
  /** When the last health check was made, in milliseconds since the epoch. */
  readonly lastCheckAt: number | undefined
  /** The keys of the target's provider; undefined if it has one key. */
  readonly keys: readonly KeyStats[] | undefined
}

/** What is known of one of the keys of a target's provider. Contains no key. */
export interface KeyStats {
  /** The place of the key in the list of keys, from 0. */
  readonly index: number
  /** The number of requests to the provider that were signed with the key. */
  readonly attempts: number
  /** Why the target is in cooldown with this key, in words; undefined if it is not. */
  readonly cooldown: string | undefined
  /** Time until the end of the cooldown, in milliseconds; 0 if there is none. */
  readonly retryAfterMs: number
  /**
   * The share of its rate limits that the key has left, from 0 to 1, as far as answers reported it; undefined if they did not.
   */
  readonly left: number | undefined
  /** The indexes of the other keys that share its rate limits, since answers named the same organization. */
  readonly sharesLimitsWith: readonly number[]
}
