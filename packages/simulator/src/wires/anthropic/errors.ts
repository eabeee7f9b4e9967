import { type Answer, bodyAnswer } from '../../answers/answer.ts'
import type { RecordedRequest } from '../../journal.ts'
import type { VendorFault } from '../../script/fault.ts'
import { retryHeaders } from '../retry-after.ts'
import type { Problem } from '../wire.ts'

/** Returns an error answer in Anthropic's shape. */
export function problemAnswer(problem: Problem, request: RecordedRequest): Answer {
  const { status, retryAfter, headers = [] } = problem
  return {
    ...bodyAnswer(status, 'application/json', JSON.stringify(errorBody(problem, request))),
    headers: [...retryHeaders(retryAfter), ...headers],
  }
}

/** Returns Anthropic's error object. It is the same in an answer and in a stream. */
export function errorBody({ status, code, errorType, message }: Problem, { requestId }: RecordedRequest) {
  const [type, text] = byStatus[status] ?? (status >= 500 ? serverError : clientError)
  return {
    type: 'error',
    error: {
      ...(code !== undefined && code !== null && { details: { error_code: code } }),
      type: errorType ?? type,
      message: message ?? (errorType === undefined ? text : (byType[errorType] ?? text)),
    },
    request_id: requestId,
  }
}

/** Returns the 400 for an invalid request. */
export function badRequest(message: string, request: RecordedRequest): Answer {
  return problemAnswer({ status: 400, message }, request)
}

const serverError = ['api_error', 'Internal server error'] as const
const clientError = ['invalid_request_error', 'The request is invalid.'] as const

const byStatus: Readonly<Record<number, readonly [type: string, message: string]>> = {
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your account has a problem with its billing. Please check your payment details.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not Found'],
  408: ['timeout_error', 'The request timed out.'],
  409: ['conflict_error', 'The resource was changed by another request.'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed your organization’s rate limit.'],
  504: ['timeout_error', 'The request timed out while it was being processed.'],
  529: ['overloaded_error', 'Overloaded'],
}

/** The default message for each error type, for a fault that sets `errorType`. */
const byType: Readonly<Record<string, string>> = Object.fromEntries(Object.values(byStatus))

/** Returns the error that Anthropic sends for a fault such as `overloaded` or `quota`. */
export function problemOf(fault: VendorFault): Problem {
  switch (fault.type) {
    case 'overloaded':
    case 'tier-unavailable':
      return { status: 529, retryAfter: fault.retryAfter }
    case 'context-length':
      return { status: 400, message: 'prompt is too long: 1200000 tokens > 1000000 maximum' }
    case 'quota': {
      const { per, limit = 10, retryAfter = per === 'minute' ? '36' : undefined } = fault
      const message = `This request would exceed your organization’s rate limit of ${limit} requests per ${per}.`
      return { status: 429, message, retryAfter }
    }
    case 'spend-limit':
      return {
        status: 429,
        message: 'Your organization has reached its spend limit for this month.',
        code: fault.code ?? 'enforced_spend_limit_reached',
      }
  }
}
