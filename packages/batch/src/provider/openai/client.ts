/**
 * What the Batch API needs of an OpenAI client: its methods for files and for batches. An instance of `openai`, version 5 or later, has them. The package `openai` itself is not
 * imported.
 */
export interface ProviderBatchClient {
  /** The methods for files: requests are uploaded, results downloaded. */
  files: {
    /** Uploads a file of requests, and returns its id. */
    create(
      body: { file: File; purpose: 'batch' },
      options?: CallOptions,
    ): PromiseLike<{ id: string; status?: string | undefined }>
    /**
     * Returns the status of an uploaded file. Needed only if the provider rejects a batch while its file is still being processed. Without this
     * method, creating such a batch is attempted at most `maxCallAttempts` times.
     */
    retrieve?(id: string, options?: CallOptions): PromiseLike<{ status?: string | undefined }>
    /** Downloads a file: the requests, results or errors of a batch. `body` is null if the answer has none. */
    content(id: string, options?: CallOptions): PromiseLike<{ body: AsyncIterable<Uint8Array> | null }>
  }
  /** The methods for batches. Each batch is created from an uploaded file. */
  batches: {
    /** Creates a batch from an uploaded file, and returns its first state. */
    create(body: BatchOrder, options?: CallOptions): PromiseLike<RemoteBatch>
    /** Returns the current state of the batch with this id. */
    retrieve(id: string, options?: CallOptions): PromiseLike<RemoteBatch>
    /** Asks the provider to cancel a batch. What it returns is not used. */
    cancel(id: string, options?: CallOptions): PromiseLike<unknown>
    /** Lists batches, the newest first, page by page. `limit` is the size of a page. Used to find a batch whose creation was not confirmed. */
    list(query: { limit: number }, options?: CallOptions): AsyncIterable<RemoteBatch>
  }
}

/** The options of one call to the client. Absent properties are left out, not set to `undefined`, because the SDK's types forbid `undefined`. */
export interface CallOptions {
  /** Aborts the call, which must then reject. Left out for a call that cannot be aborted. */
  signal?: AbortSignal
  /**
   * The maximum number of retries that the client makes by itself. It is 0 when a batch is created, since a retry that Harbor does not know of could
   * create a second batch. Left out for other calls.
   */
  maxRetries?: number
  /** Sent when a batch is created, so that the provider recognises a repeated request and creates no second batch. Left out for other calls. */
  idempotencyKey?: string
}

/** What a batch is created from, in the names of the provider's API. */
export interface BatchOrder {
  /** The id of the uploaded file that contains the requests. */
  input_file_id: string
  /** The endpoint. The type is that of the OpenAI SDK, but the value may also be an endpoint of Azure, without `/v1`. */
  endpoint: Extract<ProviderBatchEndpoint, `/v1/${string}`>
  /** The time within which the provider has to answer all requests. It offers no other value. */
  completion_window: '24h'
  /** Labels by which the batch can be found again: the ids of its run and of its part (one file of requests). Left out or null for none. */
  metadata?: Record<string, string> | null
}

/** The endpoints for which batches can be created. Those of Azure have no `/v1`. */
export type ProviderBatchEndpoint =
  | '/v1/chat/completions'
  | '/v1/responses'
  | '/v1/embeddings'
  | '/chat/completions'
  | '/responses'
  | '/embeddings'

/** A batch as the provider reports it, in the names of its API. Fields that a provider leaves out are undefined or null. */
export interface RemoteBatch {
  /** The id of the batch, which the provider made. */
  id: string
  /** Its state, such as `validating`, `in_progress`, `completed`, `expired`, `cancelled` or `failed`. */
  status: string
  /** When the batch was created, in seconds since 1970. */
  created_at: number
  /** The id of the file with the answers; null or undefined as long as there is none. */
  output_file_id?: string | null | undefined
  /** The id of the file with the errors of single requests; null or undefined without such a file. */
  error_file_id?: string | null | undefined
  /** Why the batch failed as a whole; null or undefined otherwise. */
  errors?:
    | {
        /** One entry for each error; undefined if the provider lists none. */
        data?:
          | {
              /** The error code, such as `token_limit_exceeded`; null or undefined if the error has none. */
              code?: string | null | undefined
            }[]
          | undefined
      }
    | null
    | undefined
  /** The text with which the batch was created; null or undefined for none. */
  metadata?: Record<string, string> | null | undefined
  /** How many requests the batch has, and how many of them ended; undefined if the provider does not count. */
  request_counts?:
    | {
        /** The number of requests of the batch; undefined if the provider does not say. */
        total?: number
        /** Requests that were answered without an error. */
        completed: number
        /** Requests that were answered with an error. */
        failed: number
      }
    | undefined
  /** When the batch was completed, in seconds since 1970; null or undefined if it was not. */
  completed_at?: number | null | undefined
  /** When the batch failed as a whole, in seconds since 1970; null or undefined if it did not. */
  failed_at?: number | null | undefined
  /** When the batch expired, in seconds since 1970; null or undefined if it did not. */
  expired_at?: number | null | undefined
  /** When the batch was cancelled, in seconds since 1970; null or undefined if it was not. */
  cancelled_at?: number | null | undefined
  /** When the batch will expire, in seconds since 1970; null or undefined if the provider does not say. */
  expires_at?: number | null | undefined
}
