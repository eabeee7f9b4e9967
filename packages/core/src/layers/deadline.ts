import { endReason } from '../attempt/attempt-scope.ts'
import type { Handler } from '../call/exchange.ts'

/**
 * One total for everything below it. The layers below measure against `exchange.deadline`; this one says,
 * when the call is cut short from outside, by whom it was.
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
