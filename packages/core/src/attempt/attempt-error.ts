import type { Failure } from '@harbor/retry'
import type { Answer, Exchange, LegExchange } from '../call/exchange.ts'

/**
 * The error of a failed attempt. The guard layer throws it, and the receipt layer turns it into the caller's answer or error, so it never
 * leaves the pipeline.
 */
export class AttemptError extends Error {
  override readonly name = 'AttemptError'
  readonly exchange: LegExchange
  readonly failure: Failure
  /** The answer that the caller gets instead of an error. It is the upstream server's answer, or one that Harbor made. */
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

  /** Makes a copy of the error for another caller of the same coalesced call, with headers that this caller may change. */
  copyFor(exchange: Exchange): AttemptError {
    const answer = this.answer && { ...this.answer, headers: new Headers(this.answer.headers) }
    return new AttemptError({ ...exchange, leg: this.exchange.leg }, this.failure, {
      answer,
      cause: this.cause,
    })
  }
}
