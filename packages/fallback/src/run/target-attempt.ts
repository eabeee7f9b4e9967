/** What happened at one target in one run: it answered, failed, was abandoned for another target's answer, or was skipped. */
export type TargetAttempt = AnsweredAttempt | FailedAttempt | AbandonedAttempt | SkippedTarget

/** The attempt whose answer the run returned. A run has at most one. */
export interface AnsweredAttempt extends CalledTarget {
  /** Always `answered`: the value of this attempt is the result of the run. */
  readonly outcome: 'answered'
}
/** An attempt whose operation threw or rejected. */
export interface FailedAttempt extends CalledTarget {
  /** Always `failed`. */
  readonly outcome: 'failed'
  /** What the operation threw or rejected with, unchanged. */
  readonly error: unknown
}
/** An attempt that was still running when another target answered. Its signal was aborted, and its result is discarded. */
export interface AbandonedAttempt extends CalledTarget {
  /** Always `abandoned`. It says nothing about the health of the target. */
  readonly outcome: 'abandoned'
}
/** A target that was skipped: it was unavailable, its credential was refused at another target, or the operation called `skip()`. */
export interface SkippedTarget {
  /** The name of the target that was skipped, as in the option `targets`. */
  readonly target: string
  /** Always `skipped`. */
  readonly outcome: 'skipped'
  /** Why the target was skipped, in words: `unavailable`, `its credential was refused by …`, or the text that was passed to `skip()`. */
  readonly reason: string
}

/** The fields that the outcomes of all called targets have. */
interface CalledTarget {
  /** The name of the target that was called, as in the option `targets`. */
  readonly target: string
  /** Whether the attempt was a hedge, started while another attempt was slow. */
  readonly hedged: boolean
  /** How long the attempt took, in milliseconds: until it answered, failed or was abandoned. */
  readonly durationMs: number
}
