import type { Answer, AnswerHead, Exchange } from '../call/exchange.ts'
import type { ReportedError } from '../protocols/protocol.ts'

/**
 * Makes an answer of Harbor's own. It reports an error in the format of the protocol.
 * @param error the error. Its type is that of Harbor's own errors, unless it is given
 * @param upstream the provider's answer that it replaces, and whose headers it takes over
 */
export function harborAnswer(
  { operation }: Exchange,
  status: number,
  error: Omit<ReportedError, 'type'> & Partial<ReportedError>,
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
    body: {
      kind: 'text',
      text: JSON.stringify(operation.errors.bodyOf({ type: 'harbor_error', ...error }, status)),
    },
  }
}

/** How long a caller should wait before a retry if the real wait is not known, such as for a full queue, in milliseconds. Sent as `retry-after-ms`. */
export const UNKNOWN_WAIT_MS = 1_000
