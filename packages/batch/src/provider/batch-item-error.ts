const CODE = 'batch_item'

/**
 * Why a request has no answer: it was answered with an error (`answered`); it expired, or was in no file (`missing`), each time it
 * was submitted; somebody cancelled its batch; its batch failed as a whole.
 */
export type BatchItemReason = 'answered' | 'expired' | 'missing' | 'cancelled' | 'batch-failed'

/** What is known of the error of a request. */
export interface BatchItemFacts {
  status?: number | undefined
  providerCode?: string | undefined
  detail?: string | undefined
}

/** One request of a batch has no answer. */
export class BatchItemError extends Error {
  override readonly name = 'BatchItemError'
  readonly code = CODE
  readonly reason: BatchItemReason
  /** The HTTP status of an error that was answered. */
  readonly status: number | undefined
  /** The provider's own code: `token_limit_exceeded`, `invalid_request_error`. */
  readonly providerCode: string | undefined
  readonly batchId: string
  readonly #detail: string | undefined

  constructor(
    reason: BatchItemReason,
    batchId: string,
    { status, providerCode, detail }: BatchItemFacts = {},
  ) {
    const known = [status, providerCode].filter((fact) => fact !== undefined).join(' ')
    super(`${IN_WORDS[reason]}${known && `: ${known}`}`)
    this.reason = reason
    this.batchId = batchId
    this.status = status
    this.providerCode = providerCode
    this.#detail = detail
  }

  /** What the provider wrote. It may repeat the request, so it is in no message, and is not printed with the error. */
  get detail(): string | undefined {
    return this.#detail
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BatchItemError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

const IN_WORDS: Readonly<Record<BatchItemReason, string>> = {
  answered: 'the provider answered this request with an error',
  expired:
    'the completion window ended before this request was answered, each time it was submitted; submit it again',
  missing: 'the provider put this request into no file, each time it was submitted; submit it again',
  cancelled: 'the batch was cancelled before this request was answered',
  'batch-failed': 'the provider refused the whole batch',
}
