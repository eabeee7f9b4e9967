import type { Answer, AnswerHead, Exchange } from '../call/exchange.ts'
import type { ReportedError } from '../protocols/protocol.ts'

/**
 * Makes an answer of Harbor's own that reports an error in the protocol's format.
 * @param upstream the provider's answer that it replaces; its headers are kept
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

/** How long a call that found a full queue should wait before a retry, in milliseconds. Sent as the header `retry-after-ms`. */
export const FULL_QUEUE_WAIT_MS = 1_000
