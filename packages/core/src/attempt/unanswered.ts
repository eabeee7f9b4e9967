import { PoolClosedError, PoolQueueFullError, PoolQueueTimeoutError } from '@harbor/pool'
import { classify, type Failure } from '@harbor/retry'
import { AttemptError } from './attempt-error.ts'
import { ClientClosedError, RedirectRefusedError, TimeoutError } from '../base/errors.ts'
import type { Answer, Exchange, LegExchange } from '../call/exchange.ts'
import { LostHedgeError } from '../call/leg.ts'
import { cleanWord } from '../base/clean.ts'
import { redactError } from '../base/redact-error.ts'
import { UNKNOWN_WAIT_MS, harborAnswer } from './harbor-answer.ts'

/**
 * Makes the error for an attempt without an answer: after a transport error, a timeout or an abort, or when the connection pool refused the
 * request.
 */
export function unanswered(exchange: LegExchange, cause: unknown): AttemptError {
  if (ClientClosedError.is(cause)) return cutByClose(exchange, cause)
  const isLost = LostHedgeError.is(cause)
  // The signals are checked before the type of the error, since a caller may abort with any reason, even with a timeout error.
  if (isLost || exchange.callerSignal?.aborted) {
    const failure: Failure = { kind: 'aborted', retryable: false, ambiguous: true }
    return new AttemptError(exchange, isLost ? { ...failure, code: cause.code } : failure, { cause })
  }
  if (TimeoutError.is(cause)) {
    const { code, clock } = cause
    return new AttemptError(
      exchange,
      { kind: 'timeout', code, retryable: clock !== 'total', ambiguous: true },
      { cause },
    )
  }
  if (PoolQueueFullError.is(cause) || PoolQueueTimeoutError.is(cause) || PoolClosedError.is(cause)) {
    return poolRefused(exchange, cause)
  }
  if (RedirectRefusedError.is(cause)) return redirectRefused(exchange, cause)
  const failure = failureOfTransport(cause)
  const { code } = failure
  const cleaned = code === undefined ? failure : { ...failure, code: cleanWord(code) }
  return new AttemptError(exchange, cleaned, { cause: redactError(cause) })
}

function failureOfTransport(cause: unknown): Failure {
  const failure = classify(cause)
  // A `fetch` of the user that gives up by itself is no abort of the caller.
  if (failure.kind === 'aborted') return { kind: 'timeout', retryable: true, ambiguous: true }
  // Runtimes and libraries have errors of their own for connections. Only a programming error is none.
  return failure.kind === 'unknown' && failure.retryable
    ? { ...failure, kind: 'network', ambiguous: true }
    : failure
}

/**
 * Makes the error for a request that was on the wire when the client was closed. This is no failure of the target, and no other target
 * takes over.
 */
function cutByClose(exchange: LegExchange, cause: ClientClosedError): AttemptError {
  const failure: Failure = { kind: 'aborted', code: cause.code, retryable: false, ambiguous: true }
  return new AttemptError(exchange, failure, { answer: closedAnswer(exchange, cause), cause })
}

/** Makes the answer that a call of a closed client gets. */
export function closedAnswer(exchange: Exchange, { message, code }: ClientClosedError): Answer {
  return harborAnswer(exchange, 503, { message, code })
}

/**
 * Makes the error for a redirect to an address that Harbor does not follow. The call is not retried, since the upstream server would
 * redirect it again.
 */
function redirectRefused(exchange: LegExchange, cause: RedirectRefusedError): AttemptError {
  const { code, message } = cause
  const failure: Failure = { kind: 'malformed', code, retryable: false, ambiguous: false }
  if (exchange.init.redirect === 'error') {
    return new AttemptError(exchange, failure, { cause: new TypeError('fetch failed', { cause }) })
  }
  const answer = harborAnswer(exchange, 502, { message, code })
  return new AttemptError(exchange, failure, { answer, cause })
}

/**
 * Makes the error for a request that the connection pool refused to send. If its queue was full, the caller gets a rate limit error (429).
 */
function poolRefused(
  exchange: LegExchange,
  cause: PoolQueueFullError | PoolQueueTimeoutError | PoolClosedError,
): AttemptError {
  const { code, message } = cause
  const failure: Failure = { kind: 'refused', code, retryable: false, ambiguous: false }
  if (!PoolQueueFullError.is(cause)) return new AttemptError(exchange, failure, { cause })
  const answer = harborAnswer(exchange, 429, { message, code })
  answer.headers.set('retry-after-ms', String(UNKNOWN_WAIT_MS))
  return new AttemptError(exchange, failure, { answer, cause })
}
