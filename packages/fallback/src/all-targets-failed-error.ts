import type { TargetAttempt } from './target-attempt.ts'

const CODE = 'all_targets_failed'

/** No target answered. `errors` are those of the targets that were called, in the order in which they failed. */
export class AllTargetsFailedError extends AggregateError {
  override readonly name = 'AllTargetsFailedError'
  readonly code = CODE
  /** What became of each target, in order, those left out included. */
  readonly attempts: readonly TargetAttempt[]

  /** @param cause what the last resort threw, if there was one */
  constructor(attempts: readonly TargetAttempt[], cause?: unknown) {
    super(
      attempts.flatMap((attempt) => (attempt.outcome === 'failed' ? [attempt.error] : [])),
      `no target answered: ${attempts.map(tell).join(', ') || 'there is none'}`,
      cause === undefined ? undefined : { cause },
    )
    this.attempts = attempts
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is AllTargetsFailedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

const tell = (attempt: TargetAttempt): string =>
  `${attempt.target} ${attempt.outcome}${attempt.outcome === 'skipped' ? ` (${attempt.reason})` : ''}`
