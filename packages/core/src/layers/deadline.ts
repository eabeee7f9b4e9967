import { endReason } from '../attempt/attempt-scope.ts'
import type { Handler } from '../call/exchange.ts'

/**
 * Rejects an aborted call with the actual reason: the reason of the caller, or a timeout if the SDK's timer fired. The layers below enforce
 * the total time themselves, by `exchange.deadline`.
 */
export function deadlineLayer(next: Handler): Handler {
  return function deadline(exchange) {
    const { signal } = exchange
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a caller's reason may be anything
    if (signal?.aborted) return Promise.reject(endReason(exchange))
    return next(exchange).catch((error: unknown) => {
      throw signal?.aborted ? endReason(exchange) : error
    })
  }
}
