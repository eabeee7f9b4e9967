const CODE = 'retry_timeout'

/**
 * An attempt took longer than `attemptTimeoutMs`, or was still running when the deadline of its run (`deadlineMs`) passed. In the second case,
 * `cause` is the error of the previous attempt, if there was one. Also thrown if no time is left for the first attempt. If a delay would end after
 * the deadline, the run instead ends at once, with the error of its last attempt.
 */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  /** Always `retry_timeout`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE
  /** The limit that was reached: `attempt` for `attemptTimeoutMs`, `deadline` for `deadlineMs`. */
  readonly scope: 'attempt' | 'deadline'
  /** The value of the limit that was reached, in milliseconds. */
  readonly limitMs: number
  /** The number of the attempt that was running, counted from 1; 0 if there was no time for the first attempt. */
  readonly attempt: number

  /**
   * @param scope which limit was reached: `attempt` or `deadline`
   * @param limitMs the value of this limit, in milliseconds
   * @param attempt the number of the attempt, counted from 1; 0 before the first
   * @param cause the error of the previous attempt, if there was one
   */
  constructor(scope: 'attempt' | 'deadline', limitMs: number, attempt: number, cause?: unknown) {
    super(
      scope === 'attempt'
        ? `attempt ${attempt} timed out after ${limitMs} ms (attemptTimeoutMs)`
        : `attempt ${attempt} timed out: the run may take ${limitMs} ms (deadlineMs)`,
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
