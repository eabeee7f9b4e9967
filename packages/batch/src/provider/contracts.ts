import type { RequestTooLargeError } from '../errors.ts'
import type { BatchItemError } from './errors.ts'

/**
 * A run of requests through the Batch API. Iterate it, once, to get one result for each request, in the order in which
 * the batches end.
 */
export interface ProviderBatchRun<Value> extends AsyncIterable<ProviderBatchResult<Value>> {
  progress(): ProviderBatchProgress
  /**
   * Ends the run: the iteration throws `reason`. By default, submitted batches continue at the provider, and a later
   * run with the same state reads their results. With `cancelRemote`, they are cancelled.
   *
   * @param reason the error that the iteration throws. @default an AbortError
   * @returns resolves when the state is unlocked and the cancellations have been requested; does not reject if a batch
   * cannot be cancelled
   */
  abort(reason?: unknown, options?: { cancelRemote?: boolean | undefined }): Promise<void>
}

/** The result of one request. */
export type ProviderBatchResult<Value> =
  | {
      id: string
      ok: true
      /** The body of the answer. Its type is not checked. */
      value: Value
      batchId: string
      /**
       * The number of times that the request was submitted again because its batch had not answered it. With `resubmitFailed`, counting
       * starts at 0 again.
       */
      round: number
    }
  | { id: string; ok: false; error: BatchItemError; batchId: string; round: number }
  /** The request was not submitted, because it is larger than `maxBytes`, the maximum size of a file. */
  | { id: string; ok: false; error: RequestTooLargeError; batchId: undefined; round: 0 }

export interface ProviderBatchProgress {
  /** Requests that this process has read from the source. */
  read: number
  /** Requests that were read, but left out as duplicates, with `onDuplicateId: 'skip'`. */
  skipped: number
  /**
   * Requests in created batches, those of earlier processes included. A request that is submitted twice counts twice.
   */
  submitted: number
  /** Results with `ok: true`, yielded or about to be yielded. */
  succeeded: number
  /** Results with `ok: false`, yielded or about to be yielded. */
  failed: number
  /** Requests submitted again, or about to be, because they expired, were missing, or failed in a finished run. */
  resubmitted: number
  activeBatches: number
  endedBatches: number
}
