import { endReason } from '../attempt/attempt-scope.ts'
import type { Handler } from '../call/exchange.ts'

/**
 * One total for everything below it. The layers below measure against `exchange.deadline`; this one says,
 * when the call is cut short from outside, by whom it was.
 */
export function deadlineLayer(next: Handler): Handler {
  return async function deadline(exchange) {
    if (exchange.signal?.aborted) throw endReason(exchange)
    try {
      return await next(exchange)
    } catch (error) {
      throw exchange.signal?.aborted ? endReason(exchange) : error
    }
  }
}
