import { parseRateLimitHeaders } from '@harbor/batch'
import { cleanWord } from '../../base/clean.ts'
import type { JsonBody } from '../../base/json.ts'
import type { ErrorFormat, ReportedError } from '../protocol.ts'
import { errorInText } from '../shared/error-in-text.ts'
import { anyError, declaredError } from '../shared/find-error.ts'
import { organizationIn } from '../shared/organization.ts'
import type { UpstreamError } from '../shared/read-error.ts'

/** The types of errors, with the status that Anthropic sends with each: https://platform.claude.com/docs/en/api/errors. */
const STATUS_OF_TYPE: ReadonlyMap<string | undefined, number> = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['timeout_error', 504],
  ['overloaded_error', 529],
])
const TYPE_OF_STATUS: ReadonlyMap<number, string> = new Map(
  [...STATUS_OF_TYPE].map(([type = '', status]) => [status, type]),
)

/**
 * The rules for reading and writing errors. They write Anthropic's form `{ type: 'error', error: { type, message, details: { error_code } }
 * }`. They read this form and those of gateways and compatible servers. Codes and messages are classified by `classifyStatus` of
 * `@harbor/retry`.
 */
export const ERRORS: ErrorFormat = {
  inText: (text) => completed(errorInText(text)),
  declaredIn: (answer) => completed(declaredError(answer)),
  anyIn: (answer) => completed(anyError(answer)),
  bodyOf: (error, status) => errorBody(error, typeOf(error, status)),
  rateLimitsOf: (headers) => parseRateLimitHeaders(headers),
  organizationOf: organizationIn,
}

function completed(error: UpstreamError | undefined): UpstreamError | undefined {
  return error && withVendorFacts(error)
}

/**
 * Completes an error with what Anthropic's format says. A missing code is taken from the error's details. A missing status follows from the
 * error's type; an error inside a stream has no other status.
 */
export function withVendorFacts(error: UpstreamError): UpstreamError {
  const { type, words } = error
  // Codes come first in the words.
  const [first] = words
  const code = error.code ?? (first === undefined || first === type ? undefined : cleanWord(first))
  return { ...error, code, status: error.status ?? STATUS_OF_TYPE.get(type) }
}

/**
 * Makes an error body. Its `type` decides how Anthropic's SDK describes the error. Its code is put where the SDK reads `errorCode`: in
 * `details.error_code`.
 */
export function errorBody({ message, code, param }: ReportedError, type: string): JsonBody {
  const details = {
    ...(code !== undefined && { error_code: String(code) }),
    ...(param !== undefined && { param }),
  }
  const hasDetails = Object.keys(details).length > 0
  return { type: 'error', error: { type, message, ...(hasDetails && { details }) } }
}

/**
 * Whether a word is one of Anthropic's types of errors. Other words that end in `_error` count too, since Anthropic may add types; only
 * Harbor's own `harbor_error` does not.
 */
export function isErrorType(word: string | undefined): word is string {
  return (
    word !== undefined &&
    word !== 'harbor_error' &&
    (STATUS_OF_TYPE.has(word) || /^[a-z]\w*_error$/.test(word))
  )
}

function typeOf({ type }: ReportedError, status: number): string {
  if (isErrorType(type)) return type
  return TYPE_OF_STATUS.get(status) ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
}
