import type { BreakerState } from './state.ts'

const CODE = 'breaker_open'

/** A call was not let through: the circuit is open or isolated, or it is half-open and all probes are out. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError'
  readonly code = CODE
  /** What the circuit was in when it refused. */
  readonly state: BreakerState
  /** How long until it lets a probe through, in milliseconds; 0 if nobody knows, as the state is not `open`. */
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

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BreakerOpenError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

const WHEN: Partial<Record<BreakerState, string>> = {
  'half-open': 'when its probes end',
  isolated: 'when nobody isolates it',
}
