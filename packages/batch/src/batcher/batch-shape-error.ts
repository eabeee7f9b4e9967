const CODE = 'batch_shape'

/** The function given to a batcher did not answer with one result for each item, so nobody knows whose is whose. */
export class BatchShapeError extends Error {
  override readonly name = 'BatchShapeError'
  readonly code = CODE
  readonly batchId: number
  /** How many items the batch had. */
  readonly expected: number
  /** How many results came; `undefined` if it was no array. */
  readonly received: number | undefined

  constructor(batchId: number, expected: number, received: number | undefined) {
    const got = received === undefined ? 'something that is no array' : `${received} results`
    super(
      `batch ${batchId} had ${expected} items and got ${got}. ` +
        'Return an array with one result, or one Error, for each item, in the order of the items.',
    )
    this.batchId = batchId
    this.expected = expected
    this.received = received
  }

  /** The error that these results deserve, if any. */
  static check(results: unknown, expected: number, batchId: number): BatchShapeError | undefined {
    const received = Array.isArray(results) ? results.length : undefined
    return received === expected ? undefined : new BatchShapeError(batchId, expected, received)
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BatchShapeError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
