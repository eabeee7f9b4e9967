/** What happened at one target in one run: it answered, failed, was abandoned for another target's answer, or was skipped. */
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
/** A target that was skipped: it was unavailable, its credential was refused at another target, or the operation called `skip()`. */
export interface SkippedTarget {
  readonly target: string
  readonly outcome: 'skipped'
  readonly reason: string
}

/** The fields that the outcomes of all called targets have. */
interface CalledTarget {
  readonly target: string
  /** Whether the attempt was a hedge, started while another attempt was slow. */
  readonly hedged: boolean
  readonly durationMs: number
}
