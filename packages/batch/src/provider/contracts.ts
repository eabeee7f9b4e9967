import type { RequestTooLargeError } from '../errors.ts'
import type { BatchItemError } from './errors.ts'

/** One request of a batch: an id and a body. The endpoint is that of the run. */
export interface ProviderBatchRequest {
  /** The id of the request. The result has the same id. Must be unique in the run: see `onDuplicateId`. */
  id: string
  /** The body, as it would be sent to the endpoint. */
  body: object
}

/**
 * A run of requests through the Batch API. It can be iterated once, and yields one result for each request, in the order in which the batches end.
 */
export interface ProviderBatchRun<Value> extends AsyncIterable<ProviderBatchResult<Value>> {
  /** Returns a snapshot of the counters, at any time. */
  progress(): ProviderBatchProgress
  /**
   * Ends the run: the iteration throws `reason`. By default, submitted batches continue at the provider, and a later run with the same state reads
   * their results. With `cancelRemote`, the submitted batches are cancelled.
   *
   * @param reason the error that the iteration throws. @default an AbortError
   * @returns resolves when the state is unlocked and the cancellations have been requested; does not reject if a batch cannot be cancelled
   */
  abort(reason?: unknown, options?: { cancelRemote?: boolean | undefined }): Promise<void>
  /**
   * Cancels the submitted batches, and submits no more. Unlike after `abort()`, the iteration continues until the provider has ended them. It yields
   * what they answered until then, which is billed, and a BatchItemError with the reason `cancelled` for every other submitted request. Requests that
   * were not submitted get no result.
   *
   * @returns resolves when the cancellations have been requested; does not reject if a batch cannot be cancelled
   */
  cancel(): Promise<void>
}

/** The result of one request: an answer (`ok: true`), or an error (`ok: false`), also if the request is too large to be sent. */
export type ProviderBatchResult<Value> =
  | {
      /** The id of the request. */
      id: string
      /** The provider answered the request with a status from 200 to 299. */
      ok: true
      /** The body of the answer. Its type is not checked. */
      value: Value
      /** The id of the batch that answered the request. */
      batchId: string
      /**
       * The number of times that the request was submitted again because its batch had not answered it. Halves of a batch that had too many tokens are
       * not counted. With `resubmitFailed`, counting starts at 0 again.
       */
      round: number
    }
  | {
      /** The id of the request. */
      id: string
      /** The request has no answer. */
      ok: false
      /** Why there is no answer: see `error.reason`. */
      error: BatchItemError
      /** The id of the last batch that contained the request. */
      batchId: string
      /**
       * The number of times that the request was submitted again because its batch had not answered it. Halves of a batch that had too many tokens are
       * not counted. With `resubmitFailed`, counting starts at 0 again.
       */
      round: number
    }
  | {
      /** The id of the request. */
      id: string
      /** The request was not submitted, because it is larger than `maxBytes`, the maximum size of a file. */
      ok: false
      /** Contains the size of the request, and the limit `maxBytes`. */
      error: RequestTooLargeError
      /** Always undefined: no batch contains it. */
      batchId: undefined
      /** Always 0. */
      round: 0
    }

/**
 * The counters of a run. `submitted`, `resubmitted` and `endedBatches` include earlier processes that used the same state. All others count what this
 * process does.
 */
export interface ProviderBatchProgress {
  /** Requests that this process has read from the source so far. */
  read: number
  /** Requests that were read, but left out as duplicates, with `onDuplicateId: 'skip'`; otherwise 0. */
  skipped: number
  /** Requests in created batches, also by earlier processes. A request that is submitted twice counts twice. */
  submitted: number
  /** Results with `ok: true`, yielded or about to be yielded. */
  succeeded: number
  /** Results with `ok: false`, yielded or about to be yielded. */
  failed: number
  /** Requests submitted again, or about to be, because they expired, were missing, or failed in a finished run. */
  resubmitted: number
  /** Batches at the provider that this run waits for now. */
  activeBatches: number
  /** Batches that ended so far, whatever their final status. */
  endedBatches: number
}
