import { type Answer, bodyAnswer } from '../../answers/answer.ts'
import type { RecordedRequest } from '../../journal.ts'
import type { Problem } from '../wire.ts'
import { gatewayError } from './azure.ts'
import { isAzure } from './paths.ts'
import { retryHeaders } from '../retry-after.ts'

/** The `error` object in OpenAI's error answers. */
export interface ApiError {
  message: string
  type: string
  param: string | null
  code: string | null
}

export function errorAnswer(status: number, error: ApiError): Answer {
  return bodyAnswer(status, 'application/json', JSON.stringify({ error }))
}

/** Returns the 400 for an invalid request. */
export function badRequest(message: string, param: string | null = null, code: string | null = null): Answer {
  return errorAnswer(400, { message, type: 'invalid_request_error', param, code })
}

/** Returns an error answer in OpenAI's shape. For a path of Azure, some statuses have the shape of Azure's gateway. */
export function problemAnswer(problem: Problem, { path }: RecordedRequest): Answer {
  const { status, message, code, errorType, param, retryAfter, headers = [] } = problem
  const gateway = isAzure(path) && errorType === undefined ? gatewayError(status) : undefined
  const error = {
    ...(gateway ?? apiErrorFor(status)),
    ...(message !== undefined && { message }),
    ...(errorType !== undefined && { type: errorType }),
    ...(param !== undefined && { param }),
    ...(code !== undefined && { code }),
  }
  return {
    ...bodyAnswer(status, 'application/json', JSON.stringify({ error })),
    headers: [...retryHeaders(retryAfter), ...headers],
  }
}

/** Returns the error answer for a path that does not exist. */
export function unknownPath(request: RecordedRequest): Answer {
  return problemAnswer(unknownPathProblem(request), request)
}

export function unknownPathProblem({ method, path }: RecordedRequest): Problem {
  const message = `Invalid URL (${method} ${path})`
  return { status: 404, message, errorType: 'invalid_request_error', code: null }
}

/** Returns the `error` object that OpenAI sends with a status. */
export function apiErrorFor(status: number): ApiError {
  const known = byStatus[status]
  if (known) return { ...known, param: null }
  return status >= 500
    ? {
        message: 'The server had an error while processing your request.',
        type: 'server_error',
        param: null,
        code: null,
      }
    : {
        message: `The request was answered with status ${status}.`,
        type: 'invalid_request_error',
        param: null,
        code: null,
      }
}

const byStatus: Readonly<Record<number, Omit<ApiError, 'param'>>> = {
  401: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
  402: { message: 'Insufficient balance.', type: 'insufficient_quota', code: 'insufficient_quota' },
  403: {
    message: 'Country, region, or territory not supported.',
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
  },
  404: {
    message: 'The model does not exist or you do not have access to it.',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
  408: { message: 'Request timed out.', type: 'timeout', code: null },
  429: {
    message: 'Rate limit reached. Please try again later.',
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
  503: {
    message: 'The engine is currently overloaded, please try again later.',
    type: 'server_error',
    code: null,
  },
  529: { message: 'Overloaded', type: 'overloaded_error', code: null },
}
