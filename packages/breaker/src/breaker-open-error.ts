import type { BreakerState } from './state.ts'

const CODE = 'breaker_open'

/**
 * The error of a call that a breaker refused, because the circuit is open or isolated, or is half-open and lets no further probe through. The
 * operation was not called. Its `cause` is the last error before the circuit opened.
 */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError'
  /** Always `breaker_open`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE
  /** The state of the circuit when it refused the call: `open`, `half-open` or `isolated`. */
  readonly state: BreakerState
  /**
   * How long until the circuit lets a probe through, in milliseconds, if `state` is `open`; otherwise 0, because this is not
   * known.
   */
  readonly retryAfterMs: number

  /**
   * @param state the state of the circuit
   * @param retryAfterMs milliseconds until a probe is let through; 0 if not known
   * @param cause the last error before the circuit opened
   */
  constructor(state: BreakerState, retryAfterMs: number, cause?: unknown) {
    super(
      `not called, as the circuit is ${state}; try again ${WHEN[state] ?? `in ${retryAfterMs} ms`}`,
      cause === undefined ? undefined : { cause },
    )
    this.state = state
    this.retryAfterMs = retryAfterMs
  }

  /** Whether an error is a BreakerOpenError, including one from another copy of this package. */
  static is(error: unknown): error is BreakerOpenError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

const WHEN: Partial<Record<BreakerState, string>> = {
  'half-open': 'when its probes end',
  isolated: 'when it is no longer isolated',
}
