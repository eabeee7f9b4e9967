/** What happened at one target in one run. */
export type TargetAttempt = AnsweredAttempt | FailedAttempt | AbandonedAttempt | SkippedTarget

export interface AnsweredAttempt extends CalledTarget {
  readonly outcome: 'answered'
}
export interface FailedAttempt extends CalledTarget {
  readonly outcome: 'failed'
  readonly error: unknown
}
/** An attempt that was still running when another target answered. */
export interface AbandonedAttempt extends CalledTarget {
  readonly outcome: 'abandoned'
}
/** A target that was unavailable, shares a refused credential, or for which the operation called `skip()`. */
export interface SkippedTarget {
  readonly target: string
  readonly outcome: 'skipped'
  readonly reason: string
}

/** The facts about a target that was called. */
interface CalledTarget {
  readonly target: string
  /** Whether the attempt was a hedge, started while another attempt was slow. */
  readonly hedged: boolean
  readonly durationMs: number
}
