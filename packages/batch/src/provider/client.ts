/**
 * The methods of an OpenAI client that batches need. An instance of `openai`, version 5 or later, has them. The package
 * `openai` itself is not imported.
 */
export interface ProviderBatchClient {
  files: {
    create(
      body: { file: File; purpose: 'batch' },
      options?: CallOptions,
    ): PromiseLike<{ id: string; status?: string | undefined }>
    /**
     * Returns the status of an uploaded file. Needed only if the provider rejects a batch while its file is still being
     * processed. Without this method, creating such a batch is attempted at most `maxCallAttempts` times.
     */
    retrieve?(id: string, options?: CallOptions): PromiseLike<{ status?: string | undefined }>
    content(id: string, options?: CallOptions): PromiseLike<{ body: AsyncIterable<Uint8Array> | null }>
  }
  batches: {
    create(body: BatchOrder, options?: CallOptions): PromiseLike<RemoteBatch>
    retrieve(id: string, options?: CallOptions): PromiseLike<RemoteBatch>
    cancel(id: string, options?: CallOptions): PromiseLike<unknown>
    /** Lists batches, the newest first. */
    list(query: { limit: number }, options?: CallOptions): AsyncIterable<RemoteBatch>
  }
}

/**
 * The options of one call to the client. Absent properties are left out, not set to `undefined`, because the SDK's types forbid
 * `undefined`.
 */
export interface CallOptions {
  /** Aborts the call. */
  signal?: AbortSignal
  /** The maximum number of retries that the client makes by itself. */
  maxRetries?: number
  /** The key by which the provider recognises a repeated request that it has already carried out. */
  idempotencyKey?: string
}

export interface BatchOrder {
  input_file_id: string
  /** The endpoint. The type is that of the OpenAI SDK, but the value may also be an endpoint of Azure, without `/v1`. */
  endpoint: Extract<ProviderBatchEndpoint, `/v1/${string}`>
  completion_window: '24h'
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

/** A batch as the provider reports it. */
export interface RemoteBatch {
  id: string
  status: string
  /** When the batch was created, in seconds since 1970. */
  created_at: number
  output_file_id?: string | null | undefined
  error_file_id?: string | null | undefined
  errors?: { data?: { code?: string | null | undefined }[] | undefined } | null | undefined
  metadata?: Record<string, string> | null | undefined
  request_counts?: { total?: number; completed: number; failed: number } | undefined
  /** When the batch was completed, in seconds since 1970. The times below have the same unit. */
  completed_at?: number | null | undefined
  failed_at?: number | null | undefined
  expired_at?: number | null | undefined
  cancelled_at?: number | null | undefined
  expires_at?: number | null | undefined
}
