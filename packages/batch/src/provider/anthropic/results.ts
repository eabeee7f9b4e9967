import { BatchItemError } from '../errors.ts'
import { isNotFound, type Retrier } from '../retrier.ts'
import type { BatchLook, LineOutcome } from '../vendor.ts'
import type { MessageBatchLine, ProviderBatchClient, RemoteMessageBatch } from './client.ts'

/** Returns the state of a batch. */
export function lookOf(batch: RemoteMessageBatch): BatchLook {
  const { processing_status: status } = batch
  const counts = countsOf(batch)
  const hasEnded = status === 'ended' || typeof batch.ended_at === 'string'
  return {
    status,
    isValidating: false,
    end: hasEnded
      ? {
          status: counts.canceled > 0 ? 'cancelled' : counts.expired > 0 ? 'expired' : 'completed',
          outputFileId: null,
          errorFileId: null,
          code: null,
          answered: counts.succeeded + counts.errored + counts.canceled + counts.expired,
        }
      : undefined,
    lacksResults: hasEnded && typeof batch.results_url !== 'string',
  }
}

/** Returns how many requests a batch has, according to its counts; 0 if they do not say. */
export function totalOf(batch: RemoteMessageBatch): number {
  const { processing, succeeded, errored, canceled, expired } = countsOf(batch)
  return processing + succeeded + errored + canceled + expired
}

/** Returns the counts of a batch, with 0 for each that is no count. */
function countsOf({
  request_counts: counts,
}: Partial<RemoteMessageBatch>): RemoteMessageBatch['request_counts'] {
  const count = (value: unknown): number =>
    Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0
  return {
    processing: count(counts?.processing),
    succeeded: count(counts?.succeeded),
    errored: count(counts?.errored),
    canceled: count(counts?.canceled),
    expired: count(counts?.expired),
  }
}

/** Yields the results of a batch. If the connection breaks, they are read again from the beginning, so a line may be yielded twice. */
export async function* resultLines(
  client: ProviderBatchClient,
  batchId: string,
  retrier: Retrier,
): AsyncGenerator<Partial<MessageBatchLine>, void, undefined> {
  const { signal } = retrier
  for (let failures = 0; ;) {
    const results = await retrier.call(
      () => client.messages.batches.results(batchId, undefined, { signal }),
      isNotFound,
    )
    const lines = results[Symbol.asyncIterator]()
    try {
      for (;;) {
        let next
        try {
          next = await retrier.untilAborted(lines.next())
        } catch (error) {
          await retrier.afterFailure(error, ++failures)
          break
        }
        if (next.done) return
        const line = next.value as unknown
        if (typeof line === 'object' && line !== null) yield line
      }
    } finally {
      // Closes the body: one that is not read to its end keeps its connection open.
      void Promise.resolve(lines.return?.()).catch(() => undefined)
    }
  }
}

/** Returns the outcome that a line of the results contains. */
export function lineOutcome({ result }: Partial<MessageBatchLine>, id: string, batchId: string): LineOutcome {
  const { type, message, error } = fieldsOf(result)
  if (type === 'succeeded' && typeof message === 'object' && message !== null)
    return { id, kind: 'value', value: message }
  if (type === 'errored') return erroredOutcome(error, id, batchId)
  const reason = type === 'expired' ? 'expired' : type === 'canceled' ? 'cancelled' : 'missing'
  return { id, kind: 'unanswered', reason }
}

/** Errors of the provider, not of the request: it may be answered the next time. */
const PASSING = new Set(['api_error', 'overloaded_error', 'rate_limit_error', 'timeout_error'])

function erroredOutcome(response: unknown, id: string, batchId: string): LineOutcome {
  const { type, message, details } = fieldsOf(fieldsOf(response)['error'])
  const error = new BatchItemError('answered', batchId, {
    providerCode: textOf(fieldsOf(details)['error_code']) ?? textOf(type),
    detail: textOf(message),
  })
  return typeof type === 'string' && PASSING.has(type)
    ? { id, kind: 'unanswered', reason: 'answered', error }
    : { id, kind: 'error', error }
}

function fieldsOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
