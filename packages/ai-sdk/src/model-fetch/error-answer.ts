import {
  APICallError,
  InvalidArgumentError,
  InvalidPromptError,
  LoadAPIKeyError,
  NoSuchModelError,
  UnsupportedFunctionalityError,
} from '@ai-sdk/provider'
import { classifyStatus, parseRetryAfter } from '@harbor/retry'
import { isRecord, parseJson } from './json.ts'
import { RequestError, unsupported } from './request-error.ts'

/** The maximum number of characters of a provider's message that are repeated. */
const MAX_MESSAGE_LENGTH = 1_000
/** The maximum number of characters of a provider's error body that are parsed. */
const MAX_ERROR_LENGTH = 100_000
const MAX_HEADER_LENGTH = 200
const WORD = /^[\w.:-]{1,64}$/
/** Matches the headers that are passed on: what a client needs in order to wait, and to name the request to the provider. */
const PASSED_ON =
  /^(?:retry-after(?:-ms)?|x-ms-retry-after-ms|x-should-retry|x-request-id|request-id|(?:x|anthropic)-ratelimit-[\w-]+)$/
/** Matches what looks like a credential. Providers quote the beginning and the end of a key that they refuse. */
const CREDENTIAL = /\b(?:(?:sk|pk|rk|gsk|xai)-|AIza|ya29\.|Bearer\s+)[\w.*~+/=-]{4,}/g

/**
 * Converts an error of a model to an answer with an error status.
 * @returns undefined when no answer arrived, so that the `fetch` rejects with `networkError`
 */
export function errorAnswer(error: unknown): RequestError | undefined {
  if (error instanceof RequestError) return error
  if (APICallError.isInstance(error)) return answerOf(error)
  if (UnsupportedFunctionalityError.isInstance(error))
    return unsupported(clean(error.functionality).slice(0, MAX_HEADER_LENGTH))
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
  if (isNetworkError(error)) return undefined
  return failure(500, `The model failed with ${nameOf(error)}.`, SERVER, 'model_error')
}

/**
 * Converts an error to the rejection of a `fetch` that got no answer. The error of the AI SDK is not its cause, because it contains the
 * request.
 */
export function networkError(error: unknown): Error {
  const cause = APICallError.isInstance(error) ? error.cause : error
  return new TypeError('fetch failed', { cause: innermost(cause) })
}

const REQUEST = 'invalid_request_error'
const SERVER = 'server_error'

function answerOf(error: APICallError): RequestError | undefined {
  const { statusCode, responseHeaders = {} } = error
  if (statusCode === undefined) return undefined
  if (statusCode < 400 || statusCode > 599) {
    return failure(
      502,
      `The provider answered ${statusCode}, without a valid answer.`,
      SERVER,
      'malformed_answer',
    )
  }
  const { details, ...reported } = reportedBy(error)
  const headers = Object.entries(responseHeaders).flatMap(([name, value]): [string, string][] =>
    PASSED_ON.test(name.toLowerCase()) ? [[name.toLowerCase(), headerOf(value)]] : [],
  )
  // Google reports the wait and the exhausted quota in the body, in a form that clients of OpenAI do not read.
  const { kind, retryAfterMs } = classifyStatus(statusCode, { details })
  if (details !== undefined && retryAfterMs !== undefined && parseRetryAfter(responseHeaders) === undefined)
    headers.push(['retry-after-ms', String(Math.ceil(retryAfterMs))])
  const message = reported.message ?? error.message
  return new RequestError(statusCode, clean(message) || `The provider answered ${statusCode}.`, {
    type: reported.type ?? (statusCode < 500 ? REQUEST : SERVER),
    code: details !== undefined && kind === 'quota' ? 'insufficient_quota' : (reported.code ?? null),
    headers: Object.fromEntries(headers),
  })
}

function headerOf(value: string): string {
  return clean(value)
    .slice(0, MAX_HEADER_LENGTH)
    .replace(/[^\x20-\x7e]/g, '?')
}

interface Reported {
  readonly message?: string
  readonly type?: string
  readonly code?: string
  /** The details of an error of Google. */
  readonly details?: unknown
}

/** Reads the error in the body of an answer, in the formats of OpenAI, Anthropic and Google. */
function reportedBy({ data, responseBody = '' }: APICallError): Reported {
  // `data` has only the fields that the provider's package knows.
  const body = (responseBody.length <= MAX_ERROR_LENGTH && parseJson(responseBody)) || data
  const error = isRecord(body) ? (isRecord(body['error']) ? body['error'] : body) : {}
  const { message, type } = error
  const code = wordOf(error['code']) ?? wordOf(error['status'])
  const word = wordOf(type)
  return {
    ...(typeof message === 'string' && { message }),
    ...(word !== undefined && { type: word }),
    ...(code !== undefined && { code }),
    ...(Array.isArray(error['details']) && { details: error['details'] }),
  }
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value : undefined
}

function clean(text: string): string {
  const cut = text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text
  return cut
    .replace(CREDENTIAL, '***')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
}

function failure(status: number, message: string, type: string, code: string): RequestError {
  return new RequestError(status, message, { type, code })
}

/** Whether an error is one of the network: a rejected `fetch`, or an error with the code of the operating system or of undici. */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (
    error.name === 'TimeoutError' ||
    (error instanceof TypeError && /fetch failed|terminated/.test(error.message))
  )
    return true
  return /^(?:E[A-Z]{4,}|UND_ERR_\w+|ENOTFOUND)$/.test(codeOf(error) ?? '')
}

function codeOf(error: Error): string | undefined {
  const own: unknown = 'code' in error ? error.code : undefined
  return wordOf(own) ?? (error.cause instanceof Error ? codeOf(error.cause) : undefined)
}

/** Returns the error of the system below the errors that wrap it, which may contain the request. */
function innermost(error: unknown): unknown {
  let inner = error
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause instanceof Error; depth++)
    inner = inner.cause
  return inner
}

function nameOf(error: unknown): string {
  return (error instanceof Error ? wordOf(error.name) : undefined) ?? 'an error'
}
