import type { RequestTooLargeError } from '../errors.ts'
import type { BatchItemError } from './errors.ts'

/** One run. Its results come in the order in which batches end, one for each request. It can be iterated once. */
export interface ProviderBatchRun<Value> extends AsyncIterable<ProviderBatchResult<Value>> {
  progress(): ProviderBatchProgress
  /**
   * Ends the run: its iteration throws the reason. Batches continue at the provider, and a run with the same state
   * finds them again, unless `cancelRemote` cancels them.
   *
   * @param reason what the iteration throws. @default an AbortError
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
      /** How often it was submitted before; starts at 0 again for failures of a finished run. */
      round: number
    }
  | { id: string; ok: false; error: BatchItemError; batchId: string; round: number }
  /** It was not submitted: it is larger than a file may be. */
  | { id: string; ok: false; error: RequestTooLargeError; batchId: undefined; round: 0 }

export interface ProviderBatchProgress {
  /** Requests read from the source by this process. */
  read: number
  /** Of those, duplicates left out with `onDuplicateId: 'skip'`. */
  skipped: number
  /** Requests in the batches created, counted each time they were submitted. */
  submitted: number
  /** Results delivered. */
  succeeded: number
  failed: number
  /** Requests that were or will be submitted again: they expired or were missing, or failed in a finished run. */
  resubmitted: number
  activeBatches: number
  endedBatches: number
}
