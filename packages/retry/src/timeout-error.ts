const CODE = 'retry_timeout'

/** An attempt took too long, or ran into the deadline of the whole run. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = CODE
  /** Which limit was reached: `attemptTimeoutMs` or `deadlineMs`. */
  readonly scope: 'attempt' | 'deadline'
  /** The limit that was reached, in milliseconds. */
  readonly limitMs: number
  /** The attempt that was running, counted from 1; 0 if no time was left for the first. */
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
