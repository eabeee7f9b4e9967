import { PoolClosedError, PoolQueueFullError, PoolQueueTimeoutError } from '@harbor/pool'
import { classify, type Failure } from '@harbor/retry'
import { AttemptError } from './attempt-error.ts'
import { ClientClosedError, RedirectRefusedError, TimeoutError } from '../base/errors.ts'
import type { Answer, Exchange, LegExchange } from '../call/exchange.ts'
import { LostHedgeError } from '../call/leg.ts'
import { cleanWord } from '../base/clean.ts'
import { redactError } from '../base/redact-error.ts'
import { FULL_QUEUE_WAIT_MS, harborAnswer } from './harbor-answer.ts'

/** No answer came: a transport error, a timeout, an abort, or a refusal of the pool. */
export function unanswered(exchange: LegExchange, cause: unknown): AttemptError {
  if (ClientClosedError.is(cause)) return cutByClose(exchange, cause)
  if (LostHedgeError.is(cause)) {
    const { code } = cause
    return new AttemptError(exchange, { kind: 'aborted', code, retryable: false, ambiguous: true }, { cause })
  }
  // Whose signal it was comes before the shape of the error: a caller may abort with any reason, a timeout of its own included.
  if (exchange.callerSignal?.aborted) {
    return new AttemptError(exchange, { kind: 'aborted', retryable: false, ambiguous: true }, { cause })
  }
  if (TimeoutError.is(cause)) {
    const retryable = cause.clock !== 'total'
    return new AttemptError(
      exchange,
      { kind: 'timeout', code: cause.code, retryable, ambiguous: true },
      { cause },
    )
  }
  if (PoolQueueFullError.is(cause) || PoolQueueTimeoutError.is(cause) || PoolClosedError.is(cause)) {
    return poolRefused(exchange, cause)
  }
  if (RedirectRefusedError.is(cause)) return redirectRefused(exchange, cause)
  const failure = classify(cause)
  const { code } = failure
  const facts = { cause: redactError(cause) }
  return new AttemptError(
    exchange,
    code === undefined ? failure : { ...failure, code: cleanWord(code) },
    facts,
  )
}

/** The client was closed while the request was on the wire. This is no failure of the target, and no other one takes over. */
function cutByClose(exchange: LegExchange, cause: ClientClosedError): AttemptError {
  const failure: Failure = { kind: 'aborted', code: cause.code, retryable: false, ambiguous: true }
  return new AttemptError(exchange, failure, { answer: closedAnswer(exchange, cause), cause })
}

/** The answer to a call whose client is closed. */
export function closedAnswer(exchange: Exchange, { message, code }: ClientClosedError): Answer {
  return harborAnswer(exchange, 503, { message, type: 'harbor_error', code })
}

/** The upstream redirected the request to an address that Harbor does not follow, as it would again. */
function redirectRefused(exchange: LegExchange, cause: RedirectRefusedError): AttemptError {
  const { code, message } = cause
  const failure: Failure = { kind: 'malformed', code, retryable: false, ambiguous: false }
  if (exchange.init.redirect === 'error') {
    return new AttemptError(exchange, failure, { cause: new TypeError('fetch failed', { cause }) })
  }
  const answer = harborAnswer(exchange, 502, { message, type: 'harbor_error', code })
  return new AttemptError(exchange, failure, { answer, cause })
}

/** The pool did not send the request. The caller gets a full queue as a rate limit. */
function poolRefused(
  exchange: LegExchange,
  cause: PoolQueueFullError | PoolQueueTimeoutError | PoolClosedError,
): AttemptError {
  const { code, message } = cause
  const failure: Failure = { kind: 'refused', code, retryable: false, ambiguous: false }
  if (!PoolQueueFullError.is(cause)) return new AttemptError(exchange, failure, { cause })
  const answer = harborAnswer(exchange, 429, { message, type: 'harbor_error', code })
  answer.headers.set('retry-after-ms', String(FULL_QUEUE_WAIT_MS))
  return new AttemptError(exchange, failure, { answer, cause })
}
