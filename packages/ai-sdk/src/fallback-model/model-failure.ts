import { AllTargetsFailedError } from '@harbor/fallback'
import { classify, TimeoutError, type Failure } from '@harbor/retry'
import { errorBodyOf, MAX_ERROR_LENGTH } from '../error-body.ts'
import { isObject, type JsonRecord } from '../json.ts'
import { failureFacts } from '../receipts/failure-facts.ts'
import type { ObservedCallFailure } from '../receipts/observed-receipt.ts'
import { MalformedAnswerError, StreamIncompleteError } from './errors.ts'

/** The maximum number of wrapped errors that are examined, because a chain of errors may be circular. */
const MAX_DEPTH = 8

/**
 * Classifies an error of an AI SDK model: an `APICallError` by its status, headers, body and `isRetryable`; the SDK's other errors by name;
 * any other error as `classify` of `@harbor/retry` does. A RetryError is unwrapped. Never throws.
 */
export function failureOfModel(error: unknown): Failure {
  try {
    return classified(error)
  } catch {
    // The error has a getter that throws.
    return OF_PACKAGE
  }
}

/** The failure of a provider package that threw an error of its own: whether it had sent the request is not known. */
const OF_PACKAGE: Failure = { kind: 'network', retryable: true, ambiguous: true }

function classified(error: unknown): Failure {
  if (MalformedAnswerError.is(error)) return { kind: 'malformed', retryable: true, ambiguous: true }
  if (StreamIncompleteError.is(error)) return failureOfStream(error)
  const last = unwrapped(error)
  const name = isObject(last) && typeof last.name === 'string' ? last.name : ''
  const known = BY_NAME[name]
  if (known && !isAnswer(last)) return known
  if (name === 'AI_APICallError' && isObject(last)) return failureOfApiCall(last)
  const failure = classify(last)
  // An abort of the caller ends the call before its error is classified. So the model gave up by itself, such as by a timeout of its `fetch`.
  if (failure.kind === 'aborted') return { kind: 'timeout', retryable: true, ambiguous: true }
  // A programming error is not retryable.
  if (failure.kind === 'unknown' && failure.retryable) return { ...OF_PACKAGE, code: failure.code }
  return failure
}

/** Returns why a call failed, from its error. If no target answered, the last failed attempt says why. */
export function callFailure(error: unknown): ObservedCallFailure {
  const failed = AllTargetsFailedError.is(error)
    ? error.attempts.findLast((attempt) => attempt.outcome === 'failed')
    : undefined
  const cause: unknown = failed?.outcome === 'failed' ? failed.error : error
  const { kind, code, status } = failureFacts(failureOfModel(cause))
  return { kind, code, status, clock: clockOf(cause) }
}

function clockOf(error: unknown): ObservedCallFailure['clock'] {
  if (StreamIncompleteError.is(error)) return error.reason === 'idle' ? 'idle' : undefined
  if (!TimeoutError.is(error)) return undefined
  return error.scope === 'deadline' ? 'total' : 'attempt'
}

/** Failures of the AI SDK that have no HTTP status, by the name of the error. */
const BY_NAME: Readonly<Record<string, Failure>> = {
  // The model cannot express this request. Another one may.
  AI_UnsupportedFunctionalityError: { kind: 'refused', retryable: false, ambiguous: false },
  AI_LoadAPIKeyError: { kind: 'auth', retryable: false, ambiguous: false },
  AI_LoadSettingError: { kind: 'auth', retryable: false, ambiguous: false },
  AI_NoSuchModelError: { kind: 'not-found', retryable: false, ambiguous: false },
  AI_InvalidPromptError: { kind: 'bad-request', retryable: false, ambiguous: false },
  AI_InvalidArgumentError: { kind: 'bad-request', retryable: false, ambiguous: false },
  AI_TooManyEmbeddingValuesForCallError: { kind: 'bad-request', retryable: false, ambiguous: false },
  AI_EmptyResponseBodyError: { kind: 'malformed', retryable: true, ambiguous: true },
  AI_InvalidResponseDataError: { kind: 'malformed', retryable: true, ambiguous: true },
  AI_JSONParseError: { kind: 'malformed', retryable: true, ambiguous: true },
  AI_TypeValidationError: { kind: 'malformed', retryable: true, ambiguous: true },
  AI_NoContentGeneratedError: { kind: 'malformed', retryable: true, ambiguous: true },
}

/** Classifies the end of a stream. What the provider reported in the stream decides, if it reported anything. */
function failureOfStream({ cause }: StreamIncompleteError): Failure {
  const stream: Failure = { kind: 'stream', retryable: true, ambiguous: true }
  if (cause === undefined) return stream
  if (cause instanceof Error) return failureOfModel(cause)
  const body = isObject(cause)
    ? cause
    : { message: typeof cause === 'string' ? cause.slice(0, MAX_ERROR_LENGTH) : '' }
  const failure = classify({ error: isObject(body.error) ? body.error : body })
  return failure.kind === 'unknown' ? stream : failure
}

function failureOfApiCall(error: JsonRecord): Failure {
  const { statusCode, isRetryable } = error
  const status = typeof statusCode === 'number' ? statusCode : undefined
  const body = errorBodyOf(error)
  const failure = classify(
    status === undefined
      ? error
      : {
          statusCode: status,
          data: body,
          message: error.message,
          responseHeaders: error.responseHeaders,
        },
  )
  if (failure.kind === 'unknown') return OF_PACKAGE
  if (failure.kind === 'not-found' && isAboutItem(body))
    return { ...failure, kind: 'bad-request', retryable: false }
  if (
    status !== undefined &&
    typeof isRetryable === 'boolean' &&
    isRetryable !== isRetryableByDefault(status)
  )
    return { ...failure, retryable: isRetryable }
  return failure
}

/** Whether a 404 is about an item in the conversation, which another account stores, and not about the model. */
function isAboutItem(body: unknown): boolean {
  const error = isObject(body) ? body.error : undefined
  return isObject(error) && error.param === 'input'
}

/** What an `APICallError` says of itself when the provider package says nothing: `isRetryable` differs only if the package set it. */
const isRetryableByDefault = (status: number): boolean =>
  status === 408 || status === 409 || status === 429 || status >= 500

function unwrapped(error: unknown): unknown {
  let link = error
  for (let depth = 0; depth < MAX_DEPTH && isObject(link) && link.name === 'AI_RetryError'; depth++) {
    link = link.lastError ?? link.cause
  }
  return link
}

const isAnswer = (error: unknown): boolean => isObject(error) && typeof error.statusCode === 'number'
