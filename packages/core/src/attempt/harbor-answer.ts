import type { Answer, AnswerHead, Exchange } from '../call/exchange.ts'
import type { ReportedError } from '../protocols/protocol.ts'

/**
 * Makes an answer of Harbor's own. It reports an error in the format of the protocol.
 * @param upstream the provider's answer that it replaces, and whose headers it takes over
 */
export function harborAnswer(
  { operation }: Exchange,
  status: number,
  error: ReportedError,
  upstream?: AnswerHead,
): Answer {
  const headers = new Headers(upstream?.headers)
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) headers.delete(name)
  headers.set('content-type', 'application/json')
  return {
    status,
    statusText: '',
    headers,
    url: upstream?.url ?? '',
    body: { kind: 'text', text: JSON.stringify(operation.errors.bodyOf(error, status)) },
  }
}

/** The time that a call should wait before a retry if it found a full queue, in milliseconds. Sent as the header `retry-after-ms`. */
export const FULL_QUEUE_WAIT_MS = 1_000
