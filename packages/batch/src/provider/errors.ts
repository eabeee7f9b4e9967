import { hasCode } from '../errors.ts'
import { inUse, type LockHolder } from '../journal/lock-holder.ts'

/**
 * Why a request has no result. If the request was submitted in several batches, one after the other, the last batch decides:
 *
 * - `answered`: the provider answered the request with an error
 * - `expired`: the batch expired before the request was answered
 * - `missing`: the result files of the batch have no answer to the request
 * - `cancelled`: the batch was cancelled before the request was answered
 * - `batch-failed`: the batch failed as a whole
 */
export type BatchItemReason = 'answered' | 'expired' | 'missing' | 'cancelled' | 'batch-failed'

/** What the provider reported about a request that failed. */
export interface BatchItemFacts {
  /** The HTTP status of the provider's error; undefined if there is none. */
  status?: number | undefined
  /** The provider's error code, such as `token_limit_exceeded`; undefined if there is none. */
  providerCode?: string | undefined
  /** The provider's error message, which may quote the request; undefined if there is none. */
  detail?: string | undefined
}

/** A request of a batch has no result; `reason` says why. */
export class BatchItemError extends Error {
  override readonly name = 'BatchItemError'
  /** Always `batch_item`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'batch_item'
  /** Why there is no result: `answered` (with an error), `expired`, `missing`, `cancelled` or `batch-failed`. `BatchItemReason` explains each. */
  readonly reason: BatchItemReason
  /** The HTTP status of the provider's error; undefined if it sent none. */
  readonly status: number | undefined
  /** The error code of the provider, such as `token_limit_exceeded` or `invalid_request_error`; undefined if it sent none. */
  readonly providerCode: string | undefined
  /** The id of the last batch that contained the request. */
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

  /**
   * The error message of the provider; undefined if it sent none. It may quote the request, so it is neither part of `message` nor printed with this
   * error.
   */
  get detail(): string | undefined {
    return this.#detail
  }

  /** Whether an error is a BatchItemError, including one from another copy of this package. */
  static is(error: unknown): error is BatchItemError {
    return hasCode(error, 'batch_item')
  }
}

const IN_WORDS: Readonly<Record<BatchItemReason, string>> = {
  answered: 'the provider answered this request with an error',
  expired:
    'the completion window ended before this request was answered, each time it was submitted; submit it again',
  missing:
    'the result files of the provider have no answer to this request, each time it was submitted; submit it again',
  cancelled: 'the batch was cancelled before this request was answered',
  'batch-failed': 'the provider refused the whole batch',
}

/**
 * The saved state does not fit this run: it belongs to other requests or another endpoint, or is not a state at all. This run has submitted nothing.
 */
export class BatchStateError extends Error {
  override readonly name = 'BatchStateError'
  /** Always `batch_state`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'batch_state'

  constructor(problem: string, cause?: unknown) {
    super(
      `${problem}. Pass the requests that this state was made with, in the same order, or begin with another state.`,
      { cause },
    )
  }

  /** Whether an error is a BatchStateError, including one from another copy of this package. */
  static is(error: unknown): error is BatchStateError {
    return hasCode(error, 'batch_state')
  }
}

/**
 * Another run uses this state, and has locked it, because two runs would submit the same requests, and pay for them twice. This run has read and
 * submitted nothing.
 */
export class BatchStateLockedError extends Error {
  override readonly name = 'BatchStateLockedError'
  /** Always `batch_state_locked`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'batch_state_locked'
  /** The path of the state file; undefined for a state in memory. */
  readonly path: string | undefined
  /** The id of the process that holds the lock; undefined if the lock file does not name it. */
  readonly pid: number | undefined
  /** The host name of the machine on which that process runs; undefined if the lock file does not name it. */
  readonly host: string | undefined

  constructor(path: string | undefined, holder: LockHolder) {
    super(inUse(path ?? 'the state', 'state', holder))
    this.path = path
    this.pid = holder.pid
    this.host = holder.host
  }

  /** Whether an error is a BatchStateLockedError, including one from another copy of this package. */
  static is(error: unknown): error is BatchStateLockedError {
    return hasCode(error, 'batch_state_locked')
  }
}

/** The provider returned only a part of an uploaded file of requests, so it is unknown which requests have no answer. */
export class IncompleteInputError extends Error {
  override readonly name = 'IncompleteInputError'
  /** Always `incomplete_input`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'incomplete_input'
  /** The id of the uploaded file at the provider. */
  readonly fileId: string
  /** The number of requests in the file as the provider returned it. */
  readonly found: number
  /** The number of requests that were uploaded in the file. */
  readonly uploaded: number

  constructor(fileId: string, found: number, uploaded: number) {
    super(
      `the provider returns ${found} of the ${uploaded} requests of file ${fileId}. Run it again later with the same state; ` +
        'results that are there are read again, and nothing is submitted twice.',
    )
    this.fileId = fileId
    this.found = found
    this.uploaded = uploaded
  }

  /** Whether an error is an IncompleteInputError, including one from another copy of this package. */
  static is(error: unknown): error is IncompleteInputError {
    return hasCode(error, 'incomplete_input')
  }
}
