import { hasCode } from '../../errors.ts'
import type { BatchPart } from '../state/ledger.ts'

/**
 * Why it is unknown whether a batch exists:
 *
 * - `list`: the provider's list of batches does not reach back to the time before it was sent. Batches were deleted, or the key belongs to another
 *   workspace
 * - `no-results`: a batch that may be the one has ended, but has no results that say whose it is
 * - `in-progress`: a batch that may be the one is in progress, and `onUnconfirmed` is `'error'`
 */
export type UnconfirmedBatchReason = 'list' | 'no-results' | 'in-progress'

/**
 * A batch was sent, but its id was not received, and the provider does not show whether the batch exists. The run has stopped instead of submitting the
 * requests on a guess.
 */
export class UnconfirmedBatchError extends Error {
  override readonly name = 'UnconfirmedBatchError'
  /** Always `unconfirmed_batch`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'unconfirmed_batch'
  /** Why it is unknown whether the batch exists. */
  readonly reason: UnconfirmedBatchReason
  /** The name of the part, for `confirmed`. */
  readonly part: string
  /** The number of requests in the part. */
  readonly requests: number
  /** When the batch was sent, in milliseconds since 1970. */
  readonly sentAtMs: number
  /** The ids of the batches that may be the one. */
  readonly candidates: readonly string[]

  constructor(
    reason: UnconfirmedBatchReason,
    { part, count, sending }: BatchPart,
    candidates: readonly string[],
  ) {
    const sentAtMs = sending?.atMs ?? 0
    const among = candidates.length > 0 ? ` (${candidates.join(', ')})` : ''
    super(
      `it is unknown whether the batch of part ${part} with ${count} requests, sent at ${new Date(sentAtMs).toISOString()}, was created: ` +
        `${IN_WORDS[reason]}${among}. Look at the batches of that time in the Console. Then run again with the same requests and state, and with ` +
        `confirmed: { '${part}': its id }, or with null in place of the id if it was not created and is to be submitted.`,
    )
    this.reason = reason
    this.part = part
    this.requests = count
    this.sentAtMs = sentAtMs
    this.candidates = candidates
  }

  /** Whether an error is an UnconfirmedBatchError, including one from another copy of this package. */
  static is(error: unknown): error is UnconfirmedBatchError {
    return hasCode(error, 'unconfirmed_batch')
  }
}

const IN_WORDS: Readonly<Record<UnconfirmedBatchReason, string>> = {
  list: 'the list of batches does not reach back to that time, since batches were deleted or the key belongs to another workspace',
  'no-results': 'a batch that may be the one has no results',
  'in-progress': 'a batch that may be the one is in progress',
}

/** The provider does not find a batch that it has created: it was deleted, or the key belongs to another workspace. Its requests may have been billed. */
export class BatchGoneError extends Error {
  override readonly name = 'BatchGoneError'
  /** Always `batch_gone`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'batch_gone'
  /** The id of the batch. */
  readonly batchId: string
  /** The name of the part, for `confirmed`. */
  readonly part: string

  constructor(batchId: string, { part, count }: BatchPart) {
    super(
      `the provider does not find batch ${batchId} of part ${part} with ${count} requests. Run again with a key of the workspace in which it was created. ` +
        `If it was deleted, run again with confirmed: { '${part}': null }: its requests are submitted and billed again.`,
    )
    this.batchId = batchId
    this.part = part
  }

  /** Whether an error is a BatchGoneError, including one from another copy of this package. */
  static is(error: unknown): error is BatchGoneError {
    return hasCode(error, 'batch_gone')
  }
}
