import { readJsonl } from '../jsonl/read-jsonl.ts'
import { BatchItemError, type BatchItemReason } from './batch-item-error.ts'
import type { ProviderBatchClient } from './client.ts'
import type { Patience } from './patience.ts'

/** A line longer than this counts as missing. An answer has no more than 128 choices of some MiB. */
const MAX_LINE_BYTES = 256 * 1024 * 1024

/** What one line of an output or error file says. */
export type LineOutcome =
  | { id: string; kind: 'value'; value: unknown; status: number }
  | { id: string; kind: 'error'; error: BatchItemError }
  /** It was not answered, and may be asked again. */
  | { id: string; kind: 'unanswered'; reason: BatchItemReason }

interface ResultLine {
  custom_id?: unknown
  response?: { status_code?: unknown; body?: unknown } | null
  error?: { code?: unknown; message?: unknown } | null
}

/**
 * The lines of a file, one after the other, never the whole. When the connection breaks, it is read again from the beginning, so a line
 * may come twice.
 */
export async function* fileLines<Line>(
  client: ProviderBatchClient,
  fileId: string,
  patience: Patience,
): AsyncGenerator<Line, void, undefined> {
  for (let failures = 0; ;) {
    const { body } = await patience.call(() => client.files.content(fileId, { signal: patience.signal }))
    if (!body) return
    const records = readJsonl<Line>(body, { onBadLine: 'skip', maxLineBytes: MAX_LINE_BYTES })[
      Symbol.asyncIterator
    ]()
    try {
      for (;;) {
        let next
        try {
          next = await patience.until(records.next())
        } catch (error) {
          await patience.afterFailure(error, ++failures)
          break
        }
        if (next.done) return
        yield next.value.value
      }
    } finally {
      // A body that is not read to its end keeps its connection.
      void Promise.resolve(records.return?.()).catch(() => undefined)
    }
  }
}

/** What a line of a result file says; undefined for one without an id. */
export function lineOutcome(
  { custom_id: id, response, error }: ResultLine,
  batchId: string,
): LineOutcome | undefined {
  if (typeof id !== 'string') return undefined
  const status = response?.status_code
  if (response && typeof status === 'number') {
    if (status >= 200 && status < 300) return { id, kind: 'value', value: response.body, status }
    const told = (response.body as { error?: { code?: unknown; type?: unknown; message?: unknown } } | null)
      ?.error
    const facts = {
      status,
      providerCode: textOf(told?.code) ?? textOf(told?.type),
      detail: textOf(told?.message),
    }
    return { id, kind: 'error', error: new BatchItemError('answered', batchId, facts) }
  }
  const code = textOf(error?.code)
  if (code === 'batch_expired') return { id, kind: 'unanswered', reason: 'expired' }
  if (code === 'batch_cancelled') return { id, kind: 'unanswered', reason: 'cancelled' }
  const facts = { providerCode: code, detail: textOf(error?.message) }
  return { id, kind: 'error', error: new BatchItemError('answered', batchId, facts) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
