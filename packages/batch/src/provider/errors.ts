import { hasCode } from '../errors.ts'
import { inUse, type LockHolder } from '../journal/lock-holder.ts'

/**
 * Why a request has no result. `answered`: the provider answered the request with an error. `expired`, `missing`: the
 * request expired, or was in no result file, each time it was submitted. `cancelled`: its batch was cancelled.
 * `batch-failed`: its batch failed as a whole.
 */
export type BatchItemReason = 'answered' | 'expired' | 'missing' | 'cancelled' | 'batch-failed'

/** Facts about the error of a request. */
export interface BatchItemFacts {
  status?: number | undefined
  providerCode?: string | undefined
  detail?: string | undefined
}

/** One request of a batch has no result; `reason` says why. */
export class BatchItemError extends Error {
  override readonly name = 'BatchItemError'
  readonly code = 'batch_item'
  readonly reason: BatchItemReason
  /** The HTTP status of the error, if the provider answered with one. */
  readonly status: number | undefined
  /** The provider's own code, such as `token_limit_exceeded`, `invalid_request_error`. */
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

  /** The provider's message. It may repeat the request, so it is in no error message and not printed with the error. */
  get detail(): string | undefined {
    return this.#detail
  }

  /** Whether an error is a BatchItemError, also one from another copy of this package. */
  static is(error: unknown): error is BatchItemError {
    return hasCode(error, 'batch_item')
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

/**
 * The saved state does not fit this run: it belongs to other requests or another endpoint, or is not a state at all.
 * Nothing was submitted.
 */
export class BatchStateError extends Error {
  override readonly name = 'BatchStateError'
  readonly code = 'batch_state'

  constructor(problem: string, cause?: unknown) {
    super(
      `${problem}. Pass the requests that this state was made with, in the same order, or begin with another state.`,
      { cause },
    )
  }

  /** Whether an error is a BatchStateError, also one from another copy of this package. */
  static is(error: unknown): error is BatchStateError {
    return hasCode(error, 'batch_state')
  }
}

/**
 * Another run uses this state. If both continued, they would submit, and pay for, the same requests. Nothing was read
 * or submitted.
 */
export class BatchStateLockedError extends Error {
  override readonly name = 'BatchStateLockedError'
  readonly code = 'batch_state_locked'
  /** The path of the state; undefined for one in memory. */
  readonly path: string | undefined
  /** The id of the process that holds the lock, if the lock file names it. */
  readonly pid: number | undefined
  /** The host name of the machine of that process, if the lock file names it. */
  readonly host: string | undefined

  constructor(path: string | undefined, holder: LockHolder) {
    super(inUse(path ?? 'the state', 'state', holder))
    this.path = path
    this.pid = holder.pid
    this.host = holder.host
  }

  /** Whether an error is a BatchStateLockedError, also one from another copy of this package. */
  static is(error: unknown): error is BatchStateLockedError {
    return hasCode(error, 'batch_state_locked')
  }
}

/** The provider returns fewer requests than were uploaded, so it is unknown which of them have no answer. */
export class IncompleteInputError extends Error {
  override readonly name = 'IncompleteInputError'
  readonly code = 'incomplete_input'
  readonly fileId: string
  readonly found: number
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

  /** Whether an error is an IncompleteInputError, also one from another copy of this package. */
  static is(error: unknown): error is IncompleteInputError {
    return hasCode(error, 'incomplete_input')
  }
}
