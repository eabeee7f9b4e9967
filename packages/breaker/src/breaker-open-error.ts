import type { BreakerState } from './state.ts'

const CODE = 'breaker_open'

/** A call was refused, because the circuit is open or isolated, or is half-open and lets no further probe through. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError'
  readonly code = CODE
  /** The state of the circuit when it refused the call. */
  readonly state: BreakerState
  /**
   * How long until the circuit lets a probe through, in milliseconds, if `state` is `open`; otherwise 0, because this is not
   * known.
   */
  readonly retryAfterMs: number

  /** @param cause the last error before the circuit opened */
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
