const CODE = 'batch_state'

/** The state that is kept does not fit: it is of other requests, of another endpoint, or it is no state. Nothing was submitted. */
export class BatchStateError extends Error {
  override readonly name = 'BatchStateError'
  readonly code = CODE

  constructor(problem: string, cause?: unknown) {
    super(
      `${problem}. Give the requests this state was made with, in the same order, or begin with another state.`,
      { cause },
    )
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BatchStateError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
