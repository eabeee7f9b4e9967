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
}
