/** What became of one target in one run. */
export type TargetAttempt = AnsweredAttempt | FailedAttempt | AbandonedAttempt | SkippedTarget

export interface AnsweredAttempt extends Made {
  readonly outcome: 'answered'
}
export interface FailedAttempt extends Made {
  readonly outcome: 'failed'
  readonly error: unknown
}
/** It was still going on when another target had answered. */
export interface AbandonedAttempt extends Made {
  readonly outcome: 'abandoned'
}
/** It was not called: it is unavailable, shares a credential that was refused, or said itself that it is unable. */
export interface SkippedTarget {
  readonly target: string
  readonly outcome: 'skipped'
  readonly reason: string
}

interface Made {
  readonly target: string
  /** Whether it was started beside another attempt that took long. */
  readonly hedged: boolean
  readonly durationMs: number
}
