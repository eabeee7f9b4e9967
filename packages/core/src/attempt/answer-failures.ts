import { classifyStatus, type Failure, type FailureKind } from '@harbor/retry'
import { AttemptError } from './attempt-error.ts'
import type { StreamFaultError } from '../base/errors.ts'
import type { AnswerHead, LegExchange } from '../call/exchange.ts'
import type { ReportedError } from '../protocols/protocol.ts'
import { ReportedFault } from '../protocols/shared/in-band-fault.ts'
import { cleanWord } from '../base/clean.ts'
import { readError, type UpstreamError } from '../protocols/shared/read-error.ts'
import { statusOf } from '../verdict/verdict.ts'
import { harborAnswer } from './harbor-answer.ts'

/** Makes the error for a response with a failure status. */
export function refusedBy(exchange: LegExchange, head: AnswerHead, text: string): AttemptError {
  const error = exchange.operation.errors.inText(text) ?? readError(text)
  const failure = failureOf(error, head.status, head.headers)
  return new AttemptError(exchange, failure, { answer: { ...head, body: { kind: 'text', text } } })
}

/**
 * Makes the error for a response with a success status whose body reports an error. The caller gets that error with a failure status that
 * fits it.
 */
export function errorUnderSuccess(
  exchange: LegExchange,
  head: AnswerHead,
  error: UpstreamError,
): AttemptError {
  const failure = failureOf(error, error.status ?? 200, head.headers)
  const code = error.code ?? (failure.kind === 'malformed' ? 'malformed_answer' : undefined)
  const answer = harborAnswer(exchange, statusOf(failure), { ...reportOf(error), code }, head)
  return new AttemptError(exchange, failure, { answer })
}

/**
 * Makes the error for a response with a success status that does not answer the request.
 * @param what what is wrong with the body, in words
 * @param error what may be an error in the body. It is reported as the provider's error only if the body marks it as an error, or if its
 * kind is known
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

/**
 * Makes the attempt error for what may be an error in a body. Returns undefined if the body does not mark it as an error and its kind is
 * not known, since it may then be ordinary content.
 */
export function reportedError(
  exchange: LegExchange,
  head: AnswerHead,
  error: UpstreamError,
): AttemptError | undefined {
  const isKnown = error.explicit || failureOf(error, error.status ?? 200, head.headers).kind !== 'malformed'
  return isKnown ? errorUnderSuccess(exchange, head, error) : undefined
}

/** Makes the error for a response with a success status whose body has the wrong format. The message advises to check `baseURL`. */
function malformed(exchange: LegExchange, head: AnswerHead, what: string, cause?: Error): AttemptError {
  const expected = exchange.streaming ? 'a stream of events' : 'a JSON answer'
  const message = `${what}; expected ${expected}. Check that baseURL points at ${apiOf(exchange)}.`
  return malformedAnswer(exchange, head, message, cause)
}

/** Returns the kind of API that a request is for, in words. */
function apiOf({ operation: { protocol, vendor } }: LegExchange): string {
  return vendor === 'openai' ? 'an OpenAI-compatible API' : `an API of the protocol ${protocol}`
}

/** Makes the error for an answer that is larger than `maxAnswerBytes`, and was therefore not read to its end. */
export function tooLarge(exchange: LegExchange, head: AnswerHead): AttemptError {
  const { maxAnswerBytes } = exchange.policy
  const message = `with more than ${maxAnswerBytes} bytes, so the rest was not read. Raise maxAnswerBytes if such answers are expected.`
  return malformedAnswer(exchange, head, message)
}

/**
 * Makes the error for a malformed answer. The provider may have done the work and billed it, so the failure is marked as ambiguous, which
 * limits the retries.
 */
function malformedAnswer(exchange: LegExchange, head: AnswerHead, what: string, cause?: Error): AttemptError {
  const failure: Failure = {
    kind: 'malformed',
    status: head.status,
    code: 'malformed_answer',
    retryable: true,
    ambiguous: true,
  }
  const error = { message: `The provider answered ${head.status} ${what}`, code: 'malformed_answer' }
  return new AttemptError(exchange, failure, { answer: harborAnswer(exchange, 502, error, head), cause })
}

/** Makes the error for a stream that failed before the caller got any of it. */
export function failedStream(exchange: LegExchange, head: AnswerHead, cause: StreamFaultError): AttemptError {
  const { code, message } = cause
  const reported =
    cause.origin === 'provider'
      ? (ReportedFault.reportedBy(cause) ?? readError({ code, message }))
      : undefined
  const failure: Failure = reported
    ? failureOf(reported, reported.status, head.headers)
    : { kind: 'stream', code, retryable: true, ambiguous: false }
  const error = reported ? reportOf(reported) : { message, code }
  return new AttemptError(exchange, failure, {
    answer: harborAnswer(exchange, statusOf(failure), error, head),
    cause,
  })
}

/** Classifies an error that an upstream server reports. A code that is not a plain word becomes `other`. */
function failureOf(error: UpstreamError, status: number | undefined, headers: Headers): Failure {
  const [code, ...others] = error.words
  const type = others.length > 0 ? others.join(' ') : undefined
  const classified = classifyStatus(status, { code, type, message: error.text, headers })
  const failure = { ...classified, ...ownFacts(error, classified) }
  // `other` replaces a code that is too long or unusual to be shown. It still counts as a code.
  const word = code ?? [error.code, error.type].find((name) => name === 'other')
  return word === undefined ? failure : { ...failure, code: cleanWord(word) }
}

/** Returns what the protocol of the error knows about the failure: its kind, its quota, and the wait that the body asks for. */
function ownFacts({ kind, quotaOf, retryAfterMs }: UpstreamError, classified: Failure): Partial<Failure> {
  return {
    ...(kind !== undefined && { kind, retryable: RETRYABLE.has(kind) }),
    ...(quotaOf !== undefined && { quotaOf }),
    ...(retryAfterMs !== undefined && { retryAfterMs: Math.max(retryAfterMs, classified.retryAfterMs ?? 0) }),
  }
}

/** The kinds of failures after which the same request may succeed when it is sent again. */
const RETRYABLE: ReadonlySet<FailureKind> = new Set([
  'rate-limit',
  'overloaded',
  'server',
  'timeout',
  'conflict',
])

/** Returns the fields of an error that the caller gets. */
function reportOf({ message, type, code, param }: UpstreamError): ReportedError {
  return { message, type, code, param }
}
