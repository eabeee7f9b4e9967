import { parseRateLimitHeaders } from '@harbor/batch'
import type { ErrorFormat } from '../protocol.ts'
import { errorInText } from '../shared/error-in-text.ts'
import { anyError, declaredError } from '../shared/find-error.ts'
import { organizationIn } from '../shared/organization.ts'

/**
 * How errors are read and written: OpenAI's `{ error: { message, type, code, param } }`, and for reading also the other forms that
 * compatible servers use.
 */
export const ERRORS: ErrorFormat = {
  inText: errorInText,
  declaredIn: declaredError,
  anyIn: anyError,
  bodyOf: (error) => ({ error }),
  rateLimitsOf: (headers) => parseRateLimitHeaders(headers),
  organizationOf: organizationIn,
}
