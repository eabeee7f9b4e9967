import { type Answer, bodyAnswer } from '../../answers/answer.ts'
import type { RetryAfter } from '../../script/fault.ts'
import type { Problem } from '../wire.ts'

/** Returns an error answer in Google's shape. */
export function problemAnswer(problem: Problem): Answer {
  const { retryAfter, headers = [] } = problem
  return {
    ...bodyAnswer(
      problem.status,
      'application/json; charset=UTF-8',
      JSON.stringify(errorBody(problem), null, 2) + '\n',
    ),
    headers: [
      // What is no wait in seconds cannot be expressed as RetryInfo.
      ...(typeof retryAfter === 'string' && delayOf(retryAfter) === undefined
        ? ['retry-after', retryAfter]
        : []),
      ...headers,
    ],
  }
}

/** Returns Google's error object. It is the same in an answer and in a stream. */
export function errorBody({
  status: code,
  errorType,
  message,
  code: reason,
  retryAfter,
  details = [],
}: Problem) {
  const [status, text] = byStatus[code] ?? (code >= 500 ? byStatus500 : unknownStatus)
  const delay = retryAfter === undefined ? undefined : delayOf(retryAfter)
  const all = [
    ...(typeof reason === 'string' ? [errorInfo(reason)] : []),
    ...details,
    ...(delay === undefined ? [] : [{ '@type': `${rpc}RetryInfo`, retryDelay: delay }]),
  ]
  return {
    error: {
      code,
      message: message ?? text,
      status: errorType ?? status,
      ...(all.length > 0 && { details: all }),
    },
  }
}

/** Returns the 400 for an invalid request. */
export function badRequest(message: string): Answer {
  return problemAnswer({ status: 400, message })
}

/** The prefix of the `@type` of error details. */
export const rpc = 'type.googleapis.com/google.rpc.'

function errorInfo(reason: string) {
  const metadata = { service: 'generativelanguage.googleapis.com' }
  return { '@type': `${rpc}ErrorInfo`, reason, domain: 'googleapis.com', metadata }
}

/**
 * Formats a wait as a protobuf duration, such as `36s`. Returns undefined for a string that is not a number of seconds.
 */
function delayOf(retryAfter: RetryAfter): string | undefined {
  if (typeof retryAfter === 'number') return `${retryAfter / 1_000}s`
  if (typeof retryAfter === 'string') return /^\d+(\.\d+)?$/.test(retryAfter) ? `${retryAfter}s` : undefined
  return `${retryAfter.dateInMs / 1_000}s`
}

/** Returns the HTTP status for a status name such as `NOT_FOUND`; undefined for an unknown name. */
export function codeOf(status: string): number | undefined {
  const [code] = Object.entries(byStatus).find(([, [name]]) => name === status) ?? []
  return code === undefined ? undefined : Number(code)
}

const byStatus500 = ['INTERNAL', 'An internal error has occurred. Please retry later.'] as const
const unknownStatus = ['UNKNOWN', 'The request was refused.'] as const

const byStatus: Readonly<Record<number, readonly [status: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  404: ['NOT_FOUND', 'Requested entity was not found.'],
  409: ['ABORTED', 'The operation was aborted.'],
  412: ['FAILED_PRECONDITION', 'Precondition check failed.'],
  429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
  499: ['CANCELLED', 'The operation was cancelled.'],
  500: byStatus500,
  501: ['UNIMPLEMENTED', 'Operation is not implemented, or supported, or enabled.'],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
}
