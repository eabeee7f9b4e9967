/**
 * The methods of an OpenAI client that are used here: an instance of `openai`, version 5 or later, has them. The
 * package itself is not imported.
 */
export interface ProviderBatchClient {
  files: {
    create(
      body: { file: File; purpose: 'batch' },
      options?: CallOptions,
    ): PromiseLike<{ id: string; status?: string | undefined }>
    /**
     * Reads whether an uploaded file is ready. Without this method, creating the batch is retried until it succeeds.
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
 * The options of one call to the client. Properties that are not set are left out, not undefined, as the SDK's types
 * require.
 */
export interface CallOptions {
  /** Aborts the call. */
  signal?: AbortSignal
  /** The maximum number of retries that the client itself makes. */
  maxRetries?: number
  /** The key by which the provider recognises a request that it has already carried out. */
  idempotencyKey?: string
}

export interface BatchOrder {
  input_file_id: string
  /** The endpoint. The type is the SDK's, but the value may also be one of Azure's endpoints, which have no `/v1`. */
  endpoint: Extract<ProviderBatchEndpoint, `/v1/${string}`>
  completion_window: '24h'
  metadata?: Record<string, string> | null
}

/** The endpoints that can be batched. Azure's have no `/v1`. */
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
  /** In seconds since 1970. */
  created_at: number
  output_file_id?: string | null | undefined
  error_file_id?: string | null | undefined
  errors?: { data?: { code?: string | null | undefined }[] | undefined } | null | undefined
  metadata?: Record<string, string> | null | undefined
  request_counts?: { total?: number; completed: number; failed: number } | undefined
  /** In seconds since 1970. */
  completed_at?: number | null | undefined
  failed_at?: number | null | undefined
  expired_at?: number | null | undefined
  cancelled_at?: number | null | undefined
  expires_at?: number | null | undefined
}
