import { classifyStatus, type Failure } from '@harbor/retry'
import { AttemptError } from './attempt-error.ts'
import type { StreamFaultError } from '../base/errors.ts'
import type { AnswerHead, LegExchange } from '../call/exchange.ts'
import type { ReportedError } from '../protocols/protocol.ts'
import { ReportedFault } from '../protocols/shared/in-band-fault.ts'
import { cleanWord } from '../base/clean.ts'
import { readError, type UpstreamError } from '../protocols/shared/read-error.ts'
import { statusOf } from '../verdict/verdict.ts'
import { harborAnswer } from './harbor-answer.ts'

/** The upstream answered with a status of failure. */
export function refusedBy(exchange: LegExchange, head: AnswerHead, text: string): AttemptError {
  const error = exchange.operation.errors.inText(text) ?? readError(text)
  const failure = failureOf(error, head.status, head.headers)
  return new AttemptError(exchange, failure, { answer: { ...head, body: { kind: 'text', text } } })
}

/** The upstream answered with success, but the body reports an error. The caller gets it with the status that the error stands for. */
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
 * The upstream answered with success, but not with an answer to the request.
 * @param error what the body may report; it counts as an error if it is marked as one, or of a known kind
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

/** The failure for an error that is marked as one, or of a known kind; undefined for what may be no error at all. */
export function reportedError(
  exchange: LegExchange,
  head: AnswerHead,
  error: UpstreamError,
): AttemptError | undefined {
  const isKnown = error.explicit || failureOf(error, error.status ?? 200, head.headers).kind !== 'malformed'
  return isKnown ? errorUnderSuccess(exchange, head, error) : undefined
}

/** The upstream answered with success, but the body cannot be an answer. */
function malformed(exchange: LegExchange, head: AnswerHead, what: string, cause?: Error): AttemptError {
  const expected = exchange.streaming ? 'a stream of events' : 'a JSON answer'
  const message = `${what}; expected ${expected}. Check that baseURL points at an OpenAI-compatible API.`
  return malformedAnswer(exchange, head, message, cause)
}

/** The upstream answered with success, but with more than `maxAnswerBytes`. The rest was not read. */
export function tooLarge(exchange: LegExchange, head: AnswerHead): AttemptError {
  const { maxAnswerBytes } = exchange.policy
  const message = `with more than ${maxAnswerBytes} bytes, so the rest was not read. Raise maxAnswerBytes if such answers are expected.`
  return malformedAnswer(exchange, head, message)
}

/** The provider may have done the work and billed it, so this is retried like a request without an answer. */
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
  return new AttemptError(exchange, failure, { answer: harborAnswer(exchange, 502, error, head), cause })
}

/** A stream failed before any of it reached the caller. */
export function failedStream(exchange: LegExchange, head: AnswerHead, cause: StreamFaultError): AttemptError {
  const { code, message } = cause
  if (cause.origin === 'provider') {
    const reported = ReportedFault.reportedBy(cause) ?? readError({ code, message })
    const failure = failureOf(reported, reported.status, head.headers)
    return new AttemptError(exchange, failure, {
      answer: harborAnswer(exchange, statusOf(failure), reportOf(reported), head),
      cause,
    })
  }
  const failure: Failure = { kind: 'stream', code, retryable: true, ambiguous: false }
  const error = { message, type: 'harbor_error', code }
  return new AttemptError(exchange, failure, {
    answer: harborAnswer(exchange, statusOf(failure), error, head),
    cause,
  })
}

/** Classifies an error that an upstream reports. Its code is kept if it is a plain word. */
function failureOf(error: UpstreamError, status: number | undefined, headers: Headers): Failure {
  const [code, ...others] = error.words
  const type = others.length > 0 ? others.join(' ') : undefined
  const failure = classifyStatus(status, { code, type, message: error.text, headers })
  // A code that is too long to be shown is still a code.
  const word = code ?? [error.code, error.type].find((name) => name === 'other')
  return word === undefined ? failure : { ...failure, code: cleanWord(word) }
}

/** The error as the caller gets it, without the provider's other fields. */
function reportOf({ message, type, code, param }: UpstreamError): ReportedError {
  return { message, type, code, param }
}
