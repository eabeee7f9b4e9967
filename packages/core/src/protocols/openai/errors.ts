import { parseRateLimitHeaders } from '@harbor/batch'
import type { ErrorFormat } from '../protocol.ts'
import { errorInText } from '../shared/error-in-text.ts'
import { anyError, declaredError } from '../shared/find-error.ts'
import { organizationIn } from '../shared/organization.ts'

/**
 * The rules for reading and writing errors. They write OpenAI's form `{ error: { message, type, code, param } }`. They read this form and
 * those of other compatible servers.
 */
export const ERRORS: ErrorFormat = {
  inText: errorInText,
  declaredIn: declaredError,
  anyIn: anyError,
  bodyOf: (error) => ({ error }),
  rateLimitsOf: (headers) => parseRateLimitHeaders(headers),
  organizationOf: organizationIn,
}
