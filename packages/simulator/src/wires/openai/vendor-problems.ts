import type { RecordedRequest } from '../../journal.ts'
import type { FaultOf, VendorFault } from '../../script/fault.ts'
import type { Problem, Question } from '../wire.ts'
import { failedResponse, responseEvent } from './responses.ts'

/** Returns the error that OpenAI sends for a fault such as `overloaded` or `quota`. */
export function problemOf(fault: VendorFault, { model = '' }: RecordedRequest): Problem {
  switch (fault.type) {
    case 'overloaded':
      return { status: 503, retryAfter: fault.retryAfter }
    case 'quota': {
      const { per, limit = 10, retryAfter = per === 'minute' ? '36' : undefined } = fault
      const name = per === 'minute' ? 'requests per min (RPM)' : 'requests per day (RPD)'
      return {
        status: 429,
        message: `Rate limit reached for ${model} in organization org-harbor on ${name}: Limit ${limit}, Used ${limit}, Requested 1.`,
        errorType: 'requests',
        code: 'rate_limit_exceeded',
        retryAfter,
      }
    }
    case 'spend-limit':
      return {
        status: 429,
        message: 'You exceeded your current quota, please check your plan and billing details.',
        errorType: 'insufficient_quota',
        code: fault.code ?? 'insufficient_quota',
      }
    case 'context-length':
      return {
        status: 400,
        message:
          "This model's maximum context length is 128000 tokens. However, your messages resulted in 200000 tokens. Please reduce the length of the messages.",
        param: 'messages',
        errorType: 'invalid_request_error',
        code: 'context_length_exceeded',
      }
    case 'tier-unavailable':
      return {
        status: 429,
        message: 'The requested service tier has no capacity now. Try again later, or with another tier.',
        errorType: 'resource_unavailable',
        code: 'resource_unavailable',
        retryAfter: fault.retryAfter,
      }
  }
}

/**
 * Returns the events of an error in a stream: for chat an error object, for Responses an `error` event and
 * `response.failed`.
 */
export function streamError(fault: FaultOf<'stream-error'>, question: Question): string[] {
  const { afterEvents, code, errorType, message, event } = fault
  const error = {
    message: message ?? 'The server had an error while processing your request.',
    type: errorType ?? 'server_error',
    param: null,
    code: code ?? 'server_error',
  }
  if (question.request.operation !== 'responses') {
    return [`${event ? 'event: error\n' : ''}data: ${JSON.stringify({ error })}\n\n`]
  }
  return [
    responseEvent('error', afterEvents, { error }),
    responseEvent('response.failed', afterEvents + 1, { response: failedResponse(question, error) }),
  ]
}
