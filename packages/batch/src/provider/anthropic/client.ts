/**
 * What the Message Batches API needs of an Anthropic client: its methods for batches of messages. An instance of `@anthropic-ai/sdk` has them. The
 * package `@anthropic-ai/sdk` itself is not imported.
 */
export interface ProviderBatchClient {
  /** The methods for messages. */
  messages: {
    /** The methods for batches of messages. */
    batches: {
      /** Creates a batch from its requests, and returns its first state. */
      create(
        body: { requests: MessageBatchRequest[] },
        options?: CallOptions,
      ): PromiseLike<RemoteMessageBatch>
      /** Returns the current state of the batch with this id. */
      retrieve(id: string, params: null, options?: CallOptions): PromiseLike<RemoteMessageBatch>
      /** Asks the provider to cancel a batch. What it returns is not used. */
      cancel(id: string): PromiseLike<unknown>
      /** Lists the batches of the workspace, the newest first, page by page. `limit` is the size of a page. */
      list(query: { limit: number }, options?: CallOptions): AsyncIterable<RemoteMessageBatch>
      /** Returns the results of a batch that has ended, one by one, in any order. */
      results(
        id: string,
        params?: undefined,
        options?: CallOptions,
      ): PromiseLike<AsyncIterable<MessageBatchLine>>
    }
  }
}

/** The options of one call to the client. Absent properties are left out, not set to `undefined`, because the SDK's types forbid `undefined`. */
export interface CallOptions {
  /** Aborts the call, which must then reject. */
  signal?: AbortSignal
  /**
   * The maximum number of retries that the client makes by itself. It is 0 when a batch is created, since a retry that Harbor does not know of could
   * create a second batch. Left out for other calls.
   */
  maxRetries?: number
}

/** One request of a batch, in the names of the provider's API. */
export interface MessageBatchRequest {
  /** The id of the request within its batch. It begins with the token of the run and the number of the part. */
  custom_id: string
  /** The body of the request: model, messages, max_tokens and so on. */
  params: object
}

/** A batch as the provider reports it, in the names of its API. */
export interface RemoteMessageBatch {
  /** The id of the batch, which the provider made. */
  id: string
  /** Its state: `in_progress`, `canceling` or `ended`. */
  processing_status: string
  /** When the batch was created, as RFC 3339. */
  created_at: string
  /** When the batch ended, as RFC 3339; null or undefined while it is in progress. */
  ended_at?: string | null | undefined
  /** The address of the results; null or undefined while the batch is in progress, and once it is archived. */
  results_url?: string | null | undefined
  /** How many requests the batch has of each kind. All but `processing` are 0 until the batch has ended. */
  request_counts: {
    /** Requests that have not ended. */
    processing: number
    /** Requests that have an answer. */
    succeeded: number
    /** Requests that ended with an error. */
    errored: number
    /** Requests that were not answered, because the batch was canceled. */
    canceled: number
    /** Requests that were not answered within 24 hours. */
    expired: number
  }
}

/** One line of the results of a batch. */
export interface MessageBatchLine {
  /** The id of the request within its batch. */
  custom_id: string
  /** What became of the request. */
  result: {
    /** `succeeded`, `errored`, `canceled` or `expired`. */
    type: string
  }
}
