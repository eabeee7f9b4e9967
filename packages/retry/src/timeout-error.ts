const CODE = 'retry_timeout'

/** The error of an attempt that took too long, or of a run whose deadline has passed. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = CODE
  /** The limit that was reached: `attempt` for `attemptTimeoutMs`, `deadline` for `deadlineMs`. */
  readonly scope: 'attempt' | 'deadline'
  /** The value of the limit that was reached, in milliseconds. */
  readonly limitMs: number
  /** The number of the attempt that was running, counted from 1; 0 if there was no time for the first attempt. */
  readonly attempt: number

  constructor(scope: 'attempt' | 'deadline', limitMs: number, attempt: number, cause?: unknown) {
    super(
      scope === 'attempt'
        ? `attempt ${attempt} timed out after ${limitMs} ms (attemptTimeoutMs)`
        : `timed out in attempt ${attempt}: the run may take no longer than ${limitMs} ms (deadlineMs)`,
      cause === undefined ? undefined : { cause },
    )
    this.scope = scope
    this.limitMs = limitMs
    this.attempt = attempt
  }

  /** Whether an error is a TimeoutError, including one from another copy of this package. */
  static is(error: unknown): error is TimeoutError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
