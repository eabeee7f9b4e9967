import type { TargetAttempt } from './run/target-attempt.ts'

const CODE = 'all_targets_failed'

/**
 * The error of a run in which no target answered. `errors` holds the errors of the targets that were called, in the order of the targets; it is empty
 * if all were skipped. Its `cause` is the error of the last resort, if that threw.
 */
export class AllTargetsFailedError extends AggregateError {
  override readonly name = 'AllTargetsFailedError'
  /** Always `all_targets_failed`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE
  /** What happened at each target, in the order of the targets, including those that were skipped. */
  readonly attempts: readonly TargetAttempt[]

  /**
   * @param attempts what happened at each target
   * @param cause the error of the last resort, if there was one
   */
  constructor(attempts: readonly TargetAttempt[], cause?: unknown) {
    super(
      attempts.flatMap((attempt) => (attempt.outcome === 'failed' ? [attempt.error] : [])),
      `no target answered: ${attempts.map(summaryOf).join(', ') || 'there is none'}`,
      cause === undefined ? undefined : { cause },
    )
    this.attempts = attempts
  }

  /** Whether an error is an AllTargetsFailedError, including one from another copy of this package. */
  static is(error: unknown): error is AllTargetsFailedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

const summaryOf = (attempt: TargetAttempt): string =>
  `${attempt.target} ${attempt.outcome}${attempt.outcome === 'skipped' ? ` (${attempt.reason})` : ''}`
