import {
  APICallError,
  InvalidArgumentError,
  InvalidPromptError,
  LoadAPIKeyError,
  NoSuchModelError,
  UnsupportedFunctionalityError,
} from '@ai-sdk/provider'
import { AllTargetsFailedError } from '@harbor/fallback'
import { MalformedAnswerError, StreamIncompleteError } from '../fallback-model/errors.ts'
import { apiErrorAnswer, clean, streamErrorAnswer } from './api-error.ts'
import { isRecord, wordOf } from '../json.ts'
import { failure, incomplete, REQUEST, RequestError, SERVER, unsupported } from './request-error.ts'

/** The maximum number of characters with which an error of the AI SDK names what it does not support. */
const MAX_FUNCTIONALITY_LENGTH = 200
/** Matches the errors of the AI SDK about an answer that its provider's package cannot read. */
const MALFORMED =
  /^AI_(?:EmptyResponseBody|InvalidResponseData|JSONParse|NoContentGenerated|TypeValidation)Error$/
/** The maximum number of errors that wrap the error of the network. */
const MAX_CAUSES = 5

/**
 * Converts an error of a model to an answer with an error status.
 * @returns undefined when no answer arrived, so that the `fetch` rejects with `networkError`
 */
export function errorAnswer(given: unknown): RequestError | undefined {
  const error = deciding(given)
  if (error instanceof RequestError) return error
  if (APICallError.isInstance(error)) {
    // The connection broke inside the body of an answer. The packages report it with the status of the answer.
    const isCut = (error.statusCode ?? 200) < 400 && isNetworkError(error.cause)
    return isCut ? undefined : apiErrorAnswer(error)
  }
  if (UnsupportedFunctionalityError.isInstance(error))
    return unsupported(clean(error.functionality, MAX_FUNCTIONALITY_LENGTH))
  if (LoadAPIKeyError.isInstance(error))
    return failure(
      401,
      'The provider of the model has no API key.',
      'authentication_error',
      'invalid_api_key',
    )
  if (NoSuchModelError.isInstance(error))
    return failure(404, 'The provider does not have this model.', REQUEST, 'model_not_found')
  // Their messages may quote the prompt.
  if (InvalidPromptError.isInstance(error) || InvalidArgumentError.isInstance(error))
    return failure(400, `The model refuses the request: ${nameOf(error)}.`, REQUEST, 'invalid_request')
  if (AllTargetsFailedError.is(error))
    return failure(503, 'No model can be called at present.', SERVER, 'all_targets_failed')
  if (StreamIncompleteError.is(error))
    return incomplete('The stream of the model ended before the answer was whole.')
  if (error instanceof Error && (MALFORMED.test(error.name) || MalformedAnswerError.is(error)))
    return failure(502, `The provider gave a malformed answer: ${nameOf(error)}.`, SERVER, 'malformed_answer')
  if (isNetworkError(error)) return undefined
  if (!(error instanceof Error) && isRecord(error)) return streamErrorAnswer(error)
  return failure(500, `The model failed with ${nameOf(error)}.`, SERVER, 'model_error')
}

/**
 * Returns the error that decides about the answer: the last one of several attempts, by `createFallbackModel` or by the AI SDK, or what the
 * provider reported in a stream.
 */
function deciding(error: unknown): unknown {
  let current = error
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const next = wrappedIn(current)
    if (next === undefined) break
    current = next
  }
  return current
}

function wrappedIn(error: unknown): unknown {
  if (error instanceof RequestError) return undefined
  if (AllTargetsFailedError.is(error)) return error.cause ?? (error.errors as readonly unknown[]).at(-1)
  if (StreamIncompleteError.is(error)) return error.cause
  return error instanceof Error && error.name === 'AI_RetryError' && 'lastError' in error
    ? error.lastError
    : undefined
}

/**
 * Converts an error to the rejection of a `fetch` that got no answer. The error of the AI SDK is not its cause, because it contains the
 * request.
 */
export function networkError(given: unknown): Error {
  const error = deciding(given)
  const cause = APICallError.isInstance(error) ? error.cause : error
  return new TypeError('fetch failed', { cause: innermost(cause) })
}

/** Whether an error is one of the network: a rejected `fetch`, or an error with the code of the operating system or of undici. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (
    error.name === 'TimeoutError' ||
    (error instanceof TypeError && /fetch failed|terminated/.test(error.message))
  )
    return true
  return /^(?:E[A-Z]{4,}|UND_ERR_\w+|ENOTFOUND)$/.test(codeOf(innermost(error)) ?? codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? wordOf(error.code) : undefined
}

/** Returns the error of the system below the errors that wrap it, which may contain the request. */
function innermost(error: unknown): unknown {
  let inner = error
  for (let depth = 0; depth < MAX_CAUSES && inner instanceof Error && inner.cause instanceof Error; depth++)
    inner = inner.cause
  return inner
}

function nameOf(error: unknown): string {
  return (error instanceof Error ? wordOf(error.name) : undefined) ?? 'an error'
}
