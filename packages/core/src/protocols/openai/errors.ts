import { parseRateLimitHeaders } from '@harbor/batch'
import type { ErrorFormat } from '../protocol.ts'
import { headerNames } from '../../base/clean.ts'
import { errorInText } from '../shared/error-in-text.ts'
import { anyError, declaredError } from '../shared/find-error.ts'

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
  organizationOf: (headers) => headerNames(headers, 'openai-organization', 'openai-project'),
}
