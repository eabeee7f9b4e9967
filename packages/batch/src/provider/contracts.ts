import type { RequestTooLargeError } from '../errors.ts'
import type { BatchItemError } from './errors.ts'

/**
 * A run through the Batch API. Iterating it yields one result for each request, in the order in which batches end. A
 * run can be iterated once.
 */
export interface ProviderBatchRun<Value> extends AsyncIterable<ProviderBatchResult<Value>> {
  progress(): ProviderBatchProgress
  /**
   * Ends the run: the iteration throws the reason. Submitted batches continue at the provider, and a later run with the
   * same state reads their results, unless `cancelRemote` cancels them.
   *
   * @param reason the error that the iteration throws. @default an AbortError
   * @returns resolves when the state is unlocked and cancellations have been requested; does not reject if a batch
   * cannot be cancelled
   */
  abort(reason?: unknown, options?: { cancelRemote?: boolean | undefined }): Promise<void>
}

/** The result of one request. */
export type ProviderBatchResult<Value> =
  | {
      id: string
      ok: true
      /** The body of the answer; its type is not checked. */
      value: Value
      batchId: string
      /** How often the request was submitted before. For failures of a finished run, counting starts at 0 again. */
      round: number
    }
  | { id: string; ok: false; error: BatchItemError; batchId: string; round: number }
  /** The request was not submitted, since it is larger than `maxBytes`, the maximum size of a file. */
  | { id: string; ok: false; error: RequestTooLargeError; batchId: undefined; round: 0 }

export interface ProviderBatchProgress {
  /** Requests read from the source by this process. */
  read: number
  /** The part of `read` that was left out as duplicates, with `onDuplicateId: 'skip'`. */
  skipped: number
  /** Requests in the batches created, counted each time they were submitted. */
  submitted: number
  /** Results with `ok: true`, delivered or about to be delivered. */
  succeeded: number
  /** Results with `ok: false`, delivered or about to be delivered. */
  failed: number
  /** Requests that were or will be submitted again, because they expired, were missing, or failed in a finished run. */
  resubmitted: number
  activeBatches: number
  endedBatches: number
}
