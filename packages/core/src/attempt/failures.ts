import { PoolClosedError, PoolQueueFullError, PoolQueueTimeoutError } from '@harbor/pool'
import type { BreakerOpenError } from '@harbor/breaker'
import { classify, classifyStatus, type Failure } from '@harbor/retry'
import { AttemptError } from './attempt-error.ts'
import { UnusableKeyError } from './unusable-key-error.ts'
import type { SpendRefusal } from '../cost/spend-limit.ts'
import {
  ClientClosedError,
  RedirectRefusedError,
  type StreamFaultError,
  TimeoutError,
} from '../base/errors.ts'
import type { Answer, AnswerHead, Exchange, LegExchange } from '../call/exchange.ts'
import { LostHedgeError } from '../call/leg.ts'
import type { ReportedError } from '../protocols/protocol.ts'
import { ReportedFault } from '../protocols/shared/in-band-fault.ts'
import { cleanWord } from '../base/clean.ts'
import { redactError } from '../base/redact-error.ts'
import { readError, type UpstreamError } from '../protocols/shared/read-error.ts'
import { statusOf } from '../verdict/verdict.ts'

/** No answer came: a transport error, or one of the clocks. */
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
    return turnedAway(exchange, cause)
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

/** The client was closed while the request was on the wire. No target is to blame, and none takes over. */
function cutByClose(exchange: LegExchange, cause: ClientClosedError): AttemptError {
  const failure: Failure = { kind: 'aborted', code: cause.code, retryable: false, ambiguous: true }
  return new AttemptError(exchange, failure, { answer: closedAnswer(exchange, cause), cause })
}

/** What the caller gets when the client is closed. */
export function closedAnswer(exchange: Exchange, { message, code }: ClientClosedError): Answer {
  return synthetic(exchange, 503, { message, type: 'harbor_error', code })
}

/** The client is closed, and the call has a request on the wire: that one may still be answered, so only this target is left out. */
export function leftOutByClose(exchange: LegExchange, cause: ClientClosedError): AttemptError {
  return notSent(exchange, 503, cause.code, { message: cause.message, cause })
}

/** The upstream sent the request to a place where it may not go, which a second attempt would not change. */
function redirectRefused(exchange: LegExchange, cause: RedirectRefusedError): AttemptError {
  const { code, message } = cause
  const failure: Failure = { kind: 'malformed', code, retryable: false, ambiguous: false }
  if (exchange.init.redirect === 'error') {
    return new AttemptError(exchange, failure, { cause: new TypeError('fetch failed', { cause }) })
  }
  const answer = synthetic(exchange, 502, { message, type: 'harbor_error', code })
  return new AttemptError(exchange, failure, { answer, cause })
}

/** How long a caller is asked to wait before it comes back to a queue that was full. */
const FULL_QUEUE_WAIT_MS = 1_000

/** The pool let nothing out. A full queue is a limit of rate, and the caller gets it as one. */
function turnedAway(
  exchange: LegExchange,
  cause: PoolQueueFullError | PoolQueueTimeoutError | PoolClosedError,
): AttemptError {
  const { code, message } = cause
  const failure: Failure = { kind: 'refused', code, retryable: false, ambiguous: false }
  if (!PoolQueueFullError.is(cause)) return new AttemptError(exchange, failure, { cause })
  const answer = synthetic(exchange, 429, { message, type: 'harbor_error', code })
  answer.headers.set('retry-after-ms', String(FULL_QUEUE_WAIT_MS))
  return new AttemptError(exchange, failure, { answer, cause })
}

/** The circuit of the target is open: nothing was sent. */
export function circuitOpen(exchange: LegExchange, cause: BreakerOpenError): AttemptError {
  return notSent(exchange, 503, 'breaker_open', {
    message:
      `${exchange.leg.target.name} fails too often and was not called: its circuit is ${cause.state}. ` +
      `Name a target that stands in for it in the \`fallback\` option.`,
    retryAfterMs: cause.retryAfterMs,
    cause,
  })
}

/** No target of the call may be called now. */
export function nothingAvailable(exchange: LegExchange, retryAfterMs: number): AttemptError {
  const { receipt } = exchange
  const why = receipt.skipped.map(({ target, reason }) => `${target}: ${reason}`).join('; ')
  return notSent(exchange, 503, 'breaker_open', {
    message: `No target of this call is available, so nothing was sent (${why}). Try again later, or name another one in the \`fallback\` option.`,
    retryAfterMs,
  })
}

/** Under a spend limit, a model without a known price is not called. */
export function priceUnknown(exchange: LegExchange): AttemptError {
  return notSent(exchange, 402, 'spend_limit', {
    message:
      `Nothing was sent: the price of ${exchange.leg.target.name} is unknown. ` +
      `Give it in \`models\`, or set spendLimit.unpriced to 'allow'.`,
    param: 'price',
  })
}

/** Under a spend limit, an endpoint that may be billed and that Harbor cannot price is not called. */
export function endpointUnpriced(exchange: LegExchange): AttemptError {
  const { method, url } = exchange
  return notSent(exchange, 402, 'spend_limit', {
    message:
      `Nothing was sent: there is a spendLimit, and the price of ${method} ${new URL(url).pathname} is unknown. ` +
      `Set spendLimit.unpriced to 'allow' to send it uncounted.`,
    param: 'price',
  })
}

/** The call would cost more than may still be spent. */
export function moneySpent(exchange: LegExchange, estimateUsd: number, refusal: SpendRefusal): AttemptError {
  const { leftUsd, untilMs } = refusal
  const renewed = untilMs === Infinity ? '' : ` It is renewed at ${new Date(untilMs).toISOString()}.`
  const why = `the call may cost $${estimateUsd.toFixed(6)}, and $${leftUsd.toFixed(6)} of the spendLimit is left.${renewed}`
  return notSent(exchange, 402, 'spend_limit', {
    message: `Nothing was sent: ${why}`,
    ...(untilMs !== Infinity && { retryAfterMs: Math.max(0, untilMs - exchange.policy.clock.now()) }),
  })
}

/**
 * The `limits` of the target keep the call longer than it may take.
 * @param waitMs how long; undefined when no time would be enough, since the request is larger than a limit
 */
export function limitReached(
  exchange: LegExchange,
  waitMs: number | undefined,
  cause?: unknown,
): AttemptError {
  const { target } = exchange.leg
  const why =
    waitMs === undefined
      ? `the request is larger than they ever allow (${cause instanceof Error ? cause.message : 'too many tokens'})`
      : waitMs === Infinity
        ? 'they are not known yet, and the first answers have not come'
        : `there is room in ${Math.ceil(waitMs)} ms, which is longer than the call may take`
  const retryAfterMs = waitMs === undefined || waitMs === Infinity ? undefined : waitMs
  return notSent(exchange, 429, 'local_rate_limit', {
    message: `The limits of ${target.name} let nothing through, so nothing was sent: ${why}.`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause,
  })
}

/** Too many requests wait for the limits of the target already. */
export function limiterFull(exchange: LegExchange, cause: Error): AttemptError {
  const { message } = cause
  return notSent(exchange, 429, 'queue_full', { message, retryAfterMs: FULL_QUEUE_WAIT_MS, cause })
}

/** Nothing is kept for the call, and it asked for nothing else. */
export function notCached(exchange: LegExchange, cause?: unknown): AttemptError {
  const message = "Nothing is cached for this request, and `cache: 'only-if-cached'` asks nobody."
  return notSent(exchange, 504, 'not_cached', { message, cause })
}

/** The function that makes a provider's key, or a hook of the client that signs its requests, made none. */
export function credentialFailed(exchange: LegExchange, cause: unknown): AttemptError {
  const { provider } = exchange.leg
  const who = provider.native
    ? 'The apiKey function of the client, or a hook of its class,'
    : `The apiKey function of providers.${provider.name}`
  const what = UnusableKeyError.is(cause)
    ? `${cause.message}, so nothing was sent.`
    : 'threw, so nothing was sent. Its error is in the log at level debug.'
  const failed = notSent(exchange, 401, 'credential_failed', { message: `${who} ${what}`, cause })
  exchange.log('debug', () => `${exchange.receipt.id}: apiKey of ${provider.name} failed: ${String(cause)}`)
  return failed
}

/** The call has sent as much upstream as it may. */
export function upstreamCallsUsedUp(exchange: LegExchange): AttemptError {
  return notSent(exchange, 503, 'upstream_calls', {
    message: `The call has sent the ${exchange.policy.maxUpstreamCalls} requests that maxUpstreamCalls allows.`,
  })
}

/** Harbor itself sent nothing, and the caller gets an answer of its own. */
function notSent(
  exchange: LegExchange,
  status: number,
  code: string,
  facts: { message: string; param?: string; retryAfterMs?: number; cause?: unknown },
): AttemptError {
  const { message, param, retryAfterMs, cause } = facts
  const error = { message, type: 'harbor_error', code, ...(param !== undefined && { param }) }
  const answer = synthetic(exchange, status, error)
  if (retryAfterMs !== undefined) answer.headers.set('retry-after-ms', String(Math.ceil(retryAfterMs)))
  const failure: Failure = {
    kind: 'refused',
    code,
    retryable: false,
    ambiguous: false,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
  return new AttemptError(exchange, failure, { answer, cause })
}

/** The upstream answered with a status of failure. */
export function refusedBy(exchange: LegExchange, head: AnswerHead, text: string): AttemptError {
  const error = exchange.operation.errors.inText(text) ?? readError(text)
  const failure = failureOf(error, head.status, head.headers)
  return new AttemptError(exchange, failure, { answer: { ...head, body: { kind: 'text', text } } })
}

/** The upstream answered with success, but the body reports an error. The caller gets it with the status it means. */
export function errorUnderSuccess(
  exchange: LegExchange,
  head: AnswerHead,
  error: UpstreamError,
): AttemptError {
  const failure = failureOf(error, error.status ?? 200, head.headers)
  const code = error.code ?? (failure.kind === 'malformed' ? 'malformed_answer' : undefined)
  const answer = synthetic(exchange, statusOf(failure), { ...reportOf(error), code }, head)
  return new AttemptError(exchange, failure, { answer })
}

/**
 * The upstream answered with success, but not with what was asked for. It may say why: then an error counts as one if it declares
 * itself, or is of a kind that is known.
 */
export function refusedAnswer(
  exchange: LegExchange,
  head: AnswerHead,
  what: string,
  error: UpstreamError | undefined,
  cause?: Error,
): AttemptError {
  if (!error) return malformed(exchange, head, what, cause)
  const reported = reportedError(exchange, head, error)
  return reported ?? malformedAnswer(exchange, head, `${what}: ${error.message}`, cause)
}

/** An error that declares itself, or is of a kind that is known; undefined for one that may be no error at all. */
export function reportedError(
  exchange: LegExchange,
  head: AnswerHead,
  error: UpstreamError,
): AttemptError | undefined {
  const isKnown = error.explicit || failureOf(error, error.status ?? 200, head.headers).kind !== 'malformed'
  return isKnown ? errorUnderSuccess(exchange, head, error) : undefined
}

/** The upstream answered with success, but with nothing that could be an answer. */
function malformed(exchange: LegExchange, head: AnswerHead, what: string, cause?: Error): AttemptError {
  const expected = exchange.streaming ? 'a stream of events' : 'a JSON answer'
  const message = `${what}; expected ${expected}. Check that baseURL points at an OpenAI-compatible API.`
  return malformedAnswer(exchange, head, message, cause)
}

/** The upstream answered with success, and with more than an answer may be. The rest was not read. */
export function tooLarge(exchange: LegExchange, head: AnswerHead): AttemptError {
  const { maxAnswerBytes } = exchange.policy
  const message = `with more than ${maxAnswerBytes} bytes, so the rest was not read. Raise maxAnswerBytes if such answers are expected.`
  return malformedAnswer(exchange, head, message)
}

/** The provider may have done the work and billed it, so this is repeated like a request whose answer never came. */
function malformedAnswer(exchange: LegExchange, head: AnswerHead, what: string, cause?: Error): AttemptError {
  const failure: Failure = {
    kind: 'malformed',
    status: head.status,
    code: 'malformed_answer',
    retryable: true,
    ambiguous: true,
  }
  const error = {
    message: `The provider answered ${head.status} ${what}`,
    type: 'harbor_error',
    code: 'malformed_answer',
  }
  return new AttemptError(exchange, failure, { answer: synthetic(exchange, 502, error, head), cause })
}

/** A stream failed while nothing of it had reached the caller. */
export function failedStream(exchange: LegExchange, head: AnswerHead, cause: StreamFaultError): AttemptError {
  const { code, message } = cause
  if (cause.origin === 'provider') {
    const reported = ReportedFault.reportedBy(cause) ?? readError({ code, message })
    const failure = failureOf(reported, reported.status, head.headers)
    return new AttemptError(exchange, failure, {
      answer: synthetic(exchange, statusOf(failure), reportOf(reported), head),
      cause,
    })
  }
  const failure: Failure = { kind: 'stream', code, retryable: true, ambiguous: false }
  const error = { message, type: 'harbor_error', code }
  return new AttemptError(exchange, failure, {
    answer: synthetic(exchange, statusOf(failure), error, head),
    cause,
  })
}

/** What an error that an upstream reports leads to. Its code is told as far as it is a plain word. */
function failureOf(error: UpstreamError, status: number | undefined, headers: Headers): Failure {
  const [code, ...others] = error.words
  const type = others.length > 0 ? others.join(' ') : undefined
  const failure = classifyStatus(status, { code, type, message: error.text, headers })
  // A code that is too long to tell anything is still one.
  const word = code ?? [error.code, error.type].find((name) => name === 'other')
  return word === undefined ? failure : { ...failure, code: cleanWord(word) }
}

/** As the caller gets it: fields of the provider's own beyond these stay behind. */
function reportOf({ message, type, code, param }: UpstreamError): ReportedError {
  return { message, type, code, param }
}

/** An answer of Harbor's own in the form of the protocol's errors, with the provider's headers where there are any. */
function synthetic(
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
