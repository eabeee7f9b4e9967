const CODE = 'batcher_closed'

/** The batcher was closed: before this add, or with `close('abort')` while it was on its way. */
export class BatcherClosedError extends Error {
  override readonly name = 'BatcherClosedError'
  readonly code = CODE

  constructor() {
    super('this batcher is closed. Create another one with createBatcher().')
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BatcherClosedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
