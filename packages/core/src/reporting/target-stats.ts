/** How one target fares. */
export interface TargetStats {
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Whether a call would be sent there now. */
  readonly available: boolean
  /** Until the circuit lets a probe through, in milliseconds; 0 unless it is open. */
  readonly retryAfterMs: number
  /** The part of the last 100 calls that it answered; 1 before the first. */
  readonly successRatio: number
  /** A moving average of the time to its answers, in milliseconds; undefined before the first. */
  readonly latencyMs: number | undefined
  /** The kind of its last failure, or what its last health check met. */
  readonly lastFailure: string | undefined
  /** When it was last asked whether it is back, in milliseconds since the epoch. */
  readonly lastCheckAt: number | undefined
}
