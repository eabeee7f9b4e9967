import type { ObservedLimit, ObservedLimits } from '@harbor/batch'
import { classifyStatus } from '@harbor/retry'
import { isRecord, parseJson, type JsonBody } from '../../base/json.ts'
import type { ErrorFormat, ReportedError } from '../protocol.ts'
import { errorInText } from '../shared/error-in-text.ts'
import { anyError, declaredError } from '../shared/find-error.ts'
import { MAX_NESTED_LENGTH, type UpstreamError } from '../shared/read-error.ts'
import { listAt } from './fields.ts'
import { isStatusName, statusNameOf } from './status-names.ts'

/**
 * The rules for reading and writing errors. They write `{ error: { code, message, status, details } }`. They read this form, also as the
 * only item of a list, and the other forms that gateways use.
 */
export const GEMINI_ERRORS: ErrorFormat = {
  inText(text) {
    const error = errorInText(text)
    return error && asGoogles(error, detailsInText(text))
  },
  declaredIn: declaredIn,
  anyIn: (answer) => {
    const error = anyError(answer)
    return error && asGoogles(error, detailsOf(answer))
  },
  bodyOf: (error, status) => ({ error: googleError(error, status) }),
  rateLimitsOf: (_headers, errorText) => (errorText === undefined ? {} : limitsIn(detailsInText(errorText))),
  organizationOf: (_headers, errorText) =>
    errorText === undefined ? undefined : consumerIn(detailsInText(errorText)),
}

/** Returns the error that an answer or an event declares, completed from its `details`; undefined when there is none. */
export function declaredIn(answer: JsonBody): UpstreamError | undefined {
  const error = declaredError(answer)
  return error && asGoogles(error, detailsOf(answer))
}

/**
 * Writes an error in Google's form. A code that is not the name of one of Google's statuses, such as Harbor's own codes, is added to the
 * message and becomes the `reason` in the details.
 */
export function googleError(
  { message, code }: Pick<ReportedError, 'message' | 'code'>,
  status: number,
): JsonBody {
  if (typeof code === 'string' && isStatusName(code)) return { code: status, message, status: code }
  const name = statusNameOf(status)
  if (typeof code !== 'string') return { code: status, message, status: name }
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: 'harbor' }
  return { code: status, message: `${message} (${code})`, status: name, details: [info] }
}

/**
 * Completes an error with what Google's format says. Its code becomes the name of its status, because Google's number only repeats the HTTP
 * status. Its details say how long to wait. They may also decide the kind of failure: an exceeded daily quota, for example, is not a rate
 * limit.
 */
function asGoogles(given: UpstreamError, details: unknown): UpstreamError {
  const { status, text: message, words } = given
  const name = words.find(isStatusName)
  const error = name !== undefined && typeof given.code !== 'string' ? { ...given, code: name } : given
  if (details === undefined) return error
  const [code, ...others] = words
  const facts = { code, type: others.join(' '), message }
  const { kind, quotaOf, retryAfterMs } = classifyStatus(status, { ...facts, details })
  const isDecided = kind !== classifyStatus(status, facts).kind
  return { ...error, ...(isDecided && { kind }), quotaOf, retryAfterMs }
}

function detailsInText(text: string): unknown {
  return text.length > MAX_NESTED_LENGTH ? undefined : detailsOf(parseJson(text))
}

/** Returns the details of the error in a body; undefined if there are none. */
function detailsOf(body: unknown): unknown {
  const first: unknown = Array.isArray(body) ? body[0] : body
  const error = isRecord(first) ? first['error'] : undefined
  return isRecord(error) ? error['details'] : undefined
}

/** Returns the project that an error's `ErrorInfo` names, such as `projects/123`. Successful answers do not name it. */
function consumerIn(details: unknown): string | undefined {
  for (const { metadata } of listAt({ details }, 'details')) {
    const consumer = isRecord(metadata) ? metadata['consumer'] : undefined
    if (typeof consumer === 'string' && CONSUMER.test(consumer)) return consumer
  }
  return undefined
}

const CONSUMER = /^projects\/[\w.:-]{1,64}$/
const MINUTE_MS = 60_000
const MAX_LIMIT = 1e12

/** Reads the limits per minute from the `QuotaFailure` of an error, since Google does not report its limits in headers. */
function limitsIn(details: unknown): ObservedLimits {
  const limits: { requests?: ObservedLimit; inputTokens?: ObservedLimit; tokens?: ObservedLimit } = {}
  for (const { quotaId, quotaValue } of listAt({ details }, 'details').flatMap((detail) =>
    listAt(detail, 'violations'),
  )) {
    const limit = Number(quotaValue)
    if (
      typeof quotaId !== 'string' ||
      !/per[\s_-]?minute/i.test(quotaId) ||
      !(limit > 0 && limit <= MAX_LIMIT)
    )
      continue
    const kind = /input[\s_-]?token/i.test(quotaId)
      ? 'inputTokens'
      : /token/i.test(quotaId)
        ? 'tokens'
        : 'requests'
    // Several quotas may have the same unit: the lowest one limits first.
    limits[kind] = { limit: Math.min(limit, limits[kind]?.limit ?? limit), windowMs: MINUTE_MS }
  }
  return limits
}
