import type { Failure } from '@harbor/retry'
import type { Answer, Exchange, LegExchange } from '../call/exchange.ts'

/** One attempt failed. It travels from the guard to the top, and never leaves the pipeline. */
export class AttemptError extends Error {
  override readonly name = 'AttemptError'
  readonly exchange: LegExchange
  readonly failure: Failure
  /** What the upstream said, when it said something; the caller gets this rather than an error of ours. */
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

  /** The same for another of those who share the call; whoever hands the answer on may change its headers. */
  copyFor(exchange: Exchange): AttemptError {
    const answer = this.answer && { ...this.answer, headers: new Headers(this.answer.headers) }
    return new AttemptError({ ...exchange, leg: this.exchange.leg }, this.failure, {
      answer,
      cause: this.cause,
    })
  }
}
