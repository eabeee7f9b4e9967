import { readJsonl } from '../../jsonl/read-jsonl.ts'
import { BatchItemError } from '../errors.ts'
import type { ProviderBatchClient } from './client.ts'
import { isNotFound, type Retrier } from '../retrier.ts'
import type { LineOutcome } from '../vendor.ts'

/**
 * The maximum length of a line in a file at the provider, in bytes. A longer line is left out, so its request counts as missing. Answers are shorter:
 * they have at most 128 choices of some MiB.
 */
const MAX_LINE_BYTES = 256 * 1024 * 1024

interface ResultLine {
  custom_id?: unknown
  response?: unknown
  error?: unknown
}

/**
 * Yields the lines of a file at the provider, parsed as JSON. If the connection breaks, the file is read again from the beginning, so a line may be
 * yielded twice. Lines that are not JSON objects are left out.
 */
export async function* fileLines<Line extends object>(
  client: ProviderBatchClient,
  fileId: string,
  retrier: Retrier,
): AsyncGenerator<Line, void, undefined> {
  for (let failures = 0; ;) {
    const { body } = await retrier.call(
      () => client.files.content(fileId, { signal: retrier.signal }),
      isNotFound,
    )
    if (!body) return
    const records = readJsonl<unknown>(body, { onBadLine: 'skip', maxLineBytes: MAX_LINE_BYTES })[
      Symbol.asyncIterator
    ]()
    try {
      for (;;) {
        let next
        try {
          next = await retrier.untilAborted(records.next())
        } catch (error) {
          await retrier.afterFailure(error, ++failures)
          break
        }
        if (next.done) return
        const { value } = next.value
        if (typeof value === 'object' && value !== null) yield value as Line
      }
    } finally {
      // Closes the body: one that is not read to its end keeps its connection open.
      void Promise.resolve(records.return?.()).catch(() => undefined)
    }
  }
}

/** Returns the outcome that a line of a result file contains; undefined for a line without an id. */
export function lineOutcome(line: ResultLine, batchId: string): LineOutcome | undefined {
  const id = typeof line.custom_id === 'number' ? String(line.custom_id) : line.custom_id
  if (typeof id !== 'string') return undefined
  const response = fieldsOf(line.response)
  const status = Number(response['status_code'] ?? NaN)
  const { body } = response
  // HTTP statuses begin at 100: 0 means that there was no answer.
  if (status >= 100) {
    const isGood = status >= 200 && status < 300
    // A successful answer has no `error` other than null.
    if (isGood && typeof body === 'object' && body !== null && !hasError(body))
      return { id, kind: 'value', value: body }
    if (isGood && !hasError(body) && !hasError(line)) return { id, kind: 'unanswered', reason: 'missing' }
    const facts = { status, ...errorFactsOf(fieldsOf(body)['error'] ?? line.error) }
    return { id, kind: 'error', error: new BatchItemError('answered', batchId, facts) }
  }
  const facts = errorFactsOf(line.error)
  if (facts.providerCode === 'batch_expired') return { id, kind: 'unanswered', reason: 'expired' }
  if (facts.providerCode === 'batch_cancelled') return { id, kind: 'unanswered', reason: 'cancelled' }
  if (status === 0 || !hasError(line)) return { id, kind: 'unanswered', reason: 'missing' }
  return { id, kind: 'error', error: new BatchItemError('answered', batchId, facts) }
}

function hasError(value: unknown): boolean {
  const { error } = fieldsOf(value)
  return (typeof error === 'object' && error !== null) || (typeof error === 'string' && error !== '')
}

function errorFactsOf(error: unknown): { providerCode: string | undefined; detail: string | undefined } {
  if (typeof error === 'string') return { providerCode: undefined, detail: error }
  const { code, type, message } = fieldsOf(error)
  return { providerCode: textOf(code) ?? textOf(type), detail: textOf(message) }
}

function fieldsOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
