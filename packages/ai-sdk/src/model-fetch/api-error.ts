import type { APICallError, JSONObject } from '@ai-sdk/provider'
import { classifyStatus, parseRetryAfter, type FailureKind } from '@harbor/retry'
import { errorBodyOf } from '../error-body.ts'
import { isRecord, wordOf } from '../json.ts'
import { failure, REQUEST, RequestError, SERVER } from './request-error.ts'

/** The maximum number of characters of a provider's message that are repeated. */
const MAX_MESSAGE_LENGTH = 1_000
const MAX_HEADER_LENGTH = 200
/** Matches the headers that are passed on: what a client needs in order to wait, and to name the request to the provider. */
const PASSED_ON =
  /^(?:retry-after(?:-ms)?|x-ms-retry-after-ms|x-should-retry|x-request-id|request-id|(?:x|anthropic)-ratelimit-[\w-]+)$/
/** Matches what looks like a credential. Providers quote the beginning and the end of a key that they refuse. */
const CREDENTIAL = /\b(?:(?:sk|pk|rk|gsk|xai)-|AIza|ya29\.|Bearer\s+)[\w.*~+/=-]{4,}/g

/**
 * Converts the error of an HTTP call to an answer with the same status.
 * @returns undefined when the provider did not answer
 */
export function apiErrorAnswer(error: APICallError): RequestError | undefined {
  const { statusCode, responseHeaders = {} } = error
  if (statusCode === undefined) return undefined
  if (!isErrorStatus(statusCode)) {
    return failure(
      502,
      `The provider answered ${statusCode}, without a valid answer.`,
      SERVER,
      'malformed_answer',
    )
  }
  const headers = Object.entries(responseHeaders).flatMap(([name, value]): [string, string][] =>
    PASSED_ON.test(name.toLowerCase()) ? [[name.toLowerCase(), headerOf(value)]] : [],
  )
  const reported = reportedBy(errorBodyOf(error))
  // Google reports the wait and the exhausted quota in the body, in a form that clients of OpenAI do not read.
  const { retryAfterMs } = classifyStatus(statusCode, { details: reported.details })
  if (retryAfterMs !== undefined && parseRetryAfter(responseHeaders) === undefined)
    headers.push(['retry-after-ms', String(Math.ceil(retryAfterMs))])
  return answerOf(statusCode, { message: error.message, ...reported }, Object.fromEntries(headers))
}

/** The statuses of errors that a provider reports inside a stream, by their kind. The status of another kind is 500. */
const STATUS_OF: Readonly<Partial<Record<FailureKind, number>>> = {
  auth: 401,
  'bad-request': 400,
  'content-filter': 400,
  'context-length': 400,
  'not-found': 404,
  overloaded: 529,
  quota: 429,
  'rate-limit': 429,
  timeout: 504,
}

/** Converts an error that a provider reported inside a stream, and that its package passes on as an object. */
export function streamErrorAnswer(error: JSONObject): RequestError {
  const reported = { ...reportedBy(error['data']), ...reportedBy(error) }
  const status = Number(error['statusCode'])
  const { kind } = classifyStatus(undefined, reported)
  return answerOf(isErrorStatus(status) ? status : (STATUS_OF[kind] ?? 500), reported)
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599
}

function answerOf(
  status: number,
  { message = '', type, code, details }: Reported,
  headers?: Record<string, string>,
): RequestError {
  const isQuota = details !== undefined && classifyStatus(status, { details }).kind === 'quota'
  return new RequestError(status, clean(message) || `The provider answered ${status}.`, {
    type: type ?? (status < 500 ? REQUEST : SERVER),
    code: isQuota ? 'insufficient_quota' : (code ?? null),
    ...(headers && { headers }),
  })
}

function headerOf(value: string): string {
  return clean(value, MAX_HEADER_LENGTH).replace(/[^\x20-\x7e]/g, '?')
}

interface Reported {
  readonly message?: string
  readonly type?: string
  readonly code?: string
  /** The details of an error of Google. */
  readonly details?: unknown
}

/** Reads an error in the formats of OpenAI, Anthropic and Google. */
function reportedBy(body: unknown): Reported {
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

/** Cuts a text to a number of characters, after removing what looks like a credential, and control characters. */
export function clean(text: string, maxLength = MAX_MESSAGE_LENGTH): string {
  // Cut twice: a credential at the end would not be recognised if only its beginning were left.
  const kept = text
    .slice(0, 2 * MAX_MESSAGE_LENGTH)
    .replace(CREDENTIAL, '***')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
  return kept.length > maxLength ? `${kept.slice(0, maxLength)}…` : kept
}
