/** What is needed of a client: of `openai`, version 5 or later, an instance fits. Nothing of it is imported. */
export interface ProviderBatchClient {
  files: {
    create(body: { file: File; purpose: 'batch' }, options?: CallOptions): PromiseLike<{ id: string }>
    content(id: string, options?: CallOptions): PromiseLike<{ body: AsyncIterable<Uint8Array> | null }>
  }
  batches: {
    create(body: BatchOrder, options?: CallOptions): PromiseLike<RemoteBatch>
    retrieve(id: string, options?: CallOptions): PromiseLike<RemoteBatch>
    cancel(id: string, options?: CallOptions): PromiseLike<unknown>
    /** The newest first. */
    list(query: { limit: number }, options?: CallOptions): AsyncIterable<RemoteBatch>
  }
}

/** What calls are made with; a property is there or not, as the SDK's types want it. */
export interface CallOptions {
  signal?: AbortSignal
  maxRetries?: number
  idempotencyKey?: string
}

interface BatchOrder {
  input_file_id: string
  endpoint: ProviderBatchEndpoint
  completion_window: '24h'
  metadata?: Record<string, string> | null
}

/** What can be batched. */
export type ProviderBatchEndpoint = '/v1/chat/completions' | '/v1/responses' | '/v1/embeddings'

/** A batch as the provider tells of it. */
export interface RemoteBatch {
  id: string
  status: string
  /** In seconds since 1970. */
  created_at: number
  output_file_id?: string | null | undefined
  error_file_id?: string | null | undefined
  errors?: { data?: { code?: string | null | undefined }[] | undefined } | null | undefined
  metadata?: Record<string, string> | null | undefined
  request_counts?: { completed: number; failed: number } | undefined
}
