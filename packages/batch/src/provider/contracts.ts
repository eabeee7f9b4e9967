import type { RequestTooLargeError } from '../request-too-large-error.ts'
import type { BatchItemError } from './batch-item-error.ts'

/** One run. Its results come in the order in which files are finished, each request's once. It can be iterated once. */
export interface ProviderBatchRun<Value> extends AsyncIterable<ProviderBatchResult<Value>> {
  progress(): ProviderBatchProgress
  /**
   * Ends the run: its iteration throws the reason. Batches go on at the provider, and a run with the same state finds them again,
   * unless `cancelRemote` asks to cancel them.
   *
   * @param reason what the iteration throws. @default an AbortError
   * @returns once the state may be had by another run, and the provider has been asked to cancel; it never rejects for one that could not be
   */
  abort(reason?: unknown, options?: { cancelRemote?: boolean | undefined }): Promise<void>
}

/** What became of one request. */
export type ProviderBatchResult<Value> =
  | {
      id: string
      ok: true
      /** The body of the answer; that it is of this type is trusted. */
      value: Value
      batchId: string
      /** How often it had been submitted before; counted anew for what failed in a finished run. */
      round: number
    }
  | { id: string; ok: false; error: BatchItemError; batchId: string; round: number }
  /** It never was in a batch: it is larger than a file may be. */
  | { id: string; ok: false; error: RequestTooLargeError; batchId: undefined; round: 0 }

export interface ProviderBatchProgress {
  /** Requests read from the source by this process. */
  read: number
  /** Of those, requests whose id had come before, with `onDuplicateId: 'skip'`. */
  skipped: number
  /** Requests in the batches that were created, each time it was submitted. */
  submitted: number
  /** Results given. */
  succeeded: number
  failed: number
  /** Requests that were, or are to be, submitted again: they expired or were missing, or failed in a finished run. */
  resubmitted: number
  activeBatches: number
  endedBatches: number
}
