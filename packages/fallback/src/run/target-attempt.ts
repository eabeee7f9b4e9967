/** What happened at one target in one run. */
export type TargetAttempt = AnsweredAttempt | FailedAttempt | AbandonedAttempt | SkippedTarget

export interface AnsweredAttempt extends Made {
  readonly outcome: 'answered'
}
export interface FailedAttempt extends Made {
  readonly outcome: 'failed'
  readonly error: unknown
}
/** It was still running when another target answered. */
export interface AbandonedAttempt extends Made {
  readonly outcome: 'abandoned'
}
/** It was not called, or called `skip()`: it is unavailable, shares a refused credential, or cannot serve the request. */
export interface SkippedTarget {
  readonly target: string
  readonly outcome: 'skipped'
  readonly reason: string
}

interface Made {
  readonly target: string
  /** Whether it was a hedge, started while another attempt was slow. */
  readonly hedged: boolean
  readonly durationMs: number
}
