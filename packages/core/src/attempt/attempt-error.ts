import type { Failure } from '@harbor/retry'
import type { Answer, Exchange, LegExchange } from '../call/exchange.ts'

/**
 * The error of a failed attempt. It never leaves the pipeline: a layer throws it, and the receipt layer turns it into the answer or error
 * that the caller gets.
 */
export class AttemptError extends Error {
  override readonly name = 'AttemptError'
  readonly exchange: LegExchange
  readonly failure: Failure
  /** The HTTP answer that the caller gets: that of the upstream server, or one that Harbor made. Undefined if `fetch` rejects instead. */
  readonly answer: Answer | undefined

  constructor(
    exchange: LegExchange,
    failure: Failure,
    facts: { answer?: Answer | undefined; cause?: unknown },
  ) {
    super(`Attempt failed: ${failure.kind}`, { cause: facts.cause })
    this.exchange = exchange
    this.failure = failure
    this.answer = facts.answer
  }

  /**
   * Makes a copy of the error for another caller of the same coalesced call. The copy has headers of its own, since each caller may change
   * them.
   */
  copyFor(exchange: Exchange): AttemptError {
    const answer = this.answer && { ...this.answer, headers: new Headers(this.answer.headers) }
    return new AttemptError({ ...exchange, leg: this.exchange.leg }, this.failure, {
      answer,
      cause: this.cause,
    })
  }
}
