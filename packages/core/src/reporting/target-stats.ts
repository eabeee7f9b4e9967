/** Health and latency of one target. */
export interface TargetStats {
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Whether a call would be sent there now. */
  readonly available: boolean
  /** Time until the circuit lets a probe through, in milliseconds; 0 unless it is open. */
  readonly retryAfterMs: number
  /** The share of the last 100 calls that it answered; 1 before the first. */
  readonly successRatio: number
  /** Moving average of its answer times, in milliseconds; undefined before the first. */
  readonly latencyMs: number | undefined
  /** The kind of its last failure, or the result of its last health check. */
  readonly lastFailure: string | undefined
  /** When its last health check was made, in milliseconds since the epoch. */
  readonly lastCheckAt: number | undefined
}
