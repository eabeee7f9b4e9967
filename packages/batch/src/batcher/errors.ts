import { hasCode } from '../errors.ts'

/** The batcher's function did not return exactly one result for each item, so results cannot be matched to items. */
export class BatchShapeError extends Error {
  override readonly name = 'BatchShapeError'
  /** Always `batch_shape`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'batch_shape'
  /** The number of the batch, counted from 1, as the function received it. */
  readonly batchId: number
  /** The number of items in the batch, and so of results expected. */
  readonly expected: number
  /** The number of results; `undefined` if the function did not return an array. */
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

  /**
   * Compares the number of results with the number of items.
   *
   * @returns an error if the numbers differ, or if `results` is not an array; otherwise undefined
   */
  static check(results: unknown, expected: number, batchId: number): BatchShapeError | undefined {
    const received = Array.isArray(results) ? results.length : undefined
    return received === expected ? undefined : new BatchShapeError(batchId, expected, received)
  }

  /** Whether an error is a BatchShapeError, including one from another copy of this package. */
  static is(error: unknown): error is BatchShapeError {
    return hasCode(error, 'batch_shape')
  }
}

/** The batcher was closed before this call of `add`, or `close('abort')` was called before the call had a result. */
export class BatcherClosedError extends Error {
  override readonly name = 'BatcherClosedError'
  /** Always `batcher_closed`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'batcher_closed'

  constructor() {
    super('this batcher is closed. Create another one with createBatcher().')
  }

  /** Whether an error is a BatcherClosedError, including one from another copy of this package. */
  static is(error: unknown): error is BatcherClosedError {
    return hasCode(error, 'batcher_closed')
  }
}
