import { readHeader } from '@harbor/parts'
import { parseRetryAfter, type HeadersLike } from '../delay/retry-after.ts'
import type { Failure, FailureKind } from './failure.ts'
import { readGoogleDetails } from './google-details.ts'

/** The fields of an error response that `classifyStatus` reads, apart from its status. All are optional; leave out what is unknown. */
export interface AnswerFacts {
  /**
   * `error.code` of the body. If the status is 2xx or missing, a number from 400 to 599 here is used as the status, since OpenRouter sends
   * errors in this way.
   */
  code?: string | number | null | undefined
  /**
   * `error.type` of the body, or Google's `error.status`. Read together with `code`; a special kind in either, such as `quota`, takes precedence over
   * a general one, such as `rate-limit`. @default none
   */
  type?: string | null | undefined
  /** `error.message` of the body. Read only if the code and the type are not specific enough. Never stored. */
  message?: string | null | undefined
  /**
   * The headers of the response. Retry-After sets `retryAfterMs`; `x-should-retry` (`true` or `false`) decides `retryable`, except for the kinds
   * `quota` and `refused`, which are never retryable. @default none
   */
  headers?: HeadersLike | undefined
  /**
   * `error.details` of the body, in the format of Google APIs. `RetryInfo` contains the time to wait; `QuotaFailure` and `ErrorInfo`
   * identify the exhausted quota. An exhausted daily quota is a failure of kind `quota`, whose `retryAfterMs` is the time until the quota
   * is renewed.
   */
  details?: unknown
}

/**
 * Classifies an HTTP error by its status, some fields of its body, and its headers.
 *
 * @param status the HTTP status, or `undefined` for an error in the middle of a stream. If it is `undefined` or 2xx, the code, type and message
 * decide. If these are not enough, the failure is of kind `stream` or, for 2xx, `malformed`.
 */
export function classifyStatus(
  status: number | undefined,
  { code, type, message = '', headers, details }: AnswerFacts = {},
): Failure {
  const google = readGoogleDetails(details)
  const names = [code, type, ...(google?.reasons ?? [])].filter((name) => typeof name === 'string')
  const isInBody = status === undefined || (status >= 200 && status < 300)
  const actualStatus = isInBody ? statusIn(code) : status
  const kind =
    google?.kind ??
    kindOf(actualStatus, names, String(message)) ??
    (status === undefined ? 'stream' : 'malformed')
  const shouldRetry = headers && readHeader(headers, 'x-should-retry')
  return {
    kind,
    status: actualStatus ?? status,
    code: names[0],
    retryable:
      !NEVER_RETRY.test(kind) &&
      (shouldRetry === 'true' || (shouldRetry !== 'false' && isRetryable(kind, actualStatus, names))),
    // The provider carried the request out, and the client side discarded its answer.
    ambiguous: names.includes('ignored_by_model'),
    ...(google?.quotaOf && { quotaOf: google.quotaOf }),
    retryAfterMs: longest(headers && parseRetryAfter(headers), google?.retryAfterMs),
  }
}

function longest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? 0)
}

type Rows = readonly (readonly [FailureKind, RegExp])[]

/** Patterns for the code and the type of an error. They apply to every status. The first matching row decides. */
const BY_CODE: Rows = [
  ['refused', /^(breaker_open|local_rate_limit|queue_full|spend_limit)$/],
  ['malformed', /^malformed_answer$/],
  [
    'quota',
    /(insufficient|exceeded_current)_(quota|balance)|credit_balance|(^|_)spend|usage_limit|billing|^arrearage/i,
  ],
  ['context-length', /context_(length|window|size)|prompt_too_long|^request_too_large$/],
  ['content-filter', /content_(filter|policy)|moderation|responsibleai|data_inspection/i],
  // Google rejects an invalid key with status 400.
  ['auth', /\bapi_key_(invalid|expired)\b/i],
]

/**
 * Patterns for the message of an error, for providers that send no code. They apply only to errors without a status, and to the statuses
 * 400, 403, 413 and 422.
 */
const BY_MESSAGE: Rows = [
  [
    'context-length',
    /context (length|window|size|limit)|(prompt|input) is too long|maximum (prompt|input) length/i,
  ],
  ['context-length', /token (count|limit)|reduce the length|input length|too many tokens|request too large/i],
  ['context-length', /'(messages|input|prompt|instructions)\b.*string too long/],
  ['context-length', /request payload size exceeds/i],
  ['content-filter', /content management policy|safety system|content exists risk/i],
  ['quota', /credit balance|insufficient (balance|credits)/i],
  // Anthropic rejects a request above a spend limit that the customer set with status 400.
  ['quota', /(reached|exceeded) your .{0,40}(usage|spend(ing)?) limit/i],
  // The account, not the request: another one may be allowed to send it.
  ['auth', /api key (not valid|expired)|location is not supported|not available in your country/i],
]

/**
 * Patterns for the message of a 429 that means an exhausted spending limit. The message decides because providers send the same code for a
 * rate limit.
 */
const SPENT: Rows = [
  ['quota', /spend(ing)? (cap|limit)|credits (are|is|have been) (depleted|exhausted|used up)/i],
]

/** Patterns for the code and the type of a 5xx error that means an overload. `UNAVAILABLE` is a code of Google. */
const OVERLOAD: Rows = [
  ['overloaded', /overload|slow_down/i],
  ['overloaded', /^UNAVAILABLE\b/],
]

/** Patterns for the status. If there is no status, they apply to the code and the type. */
const BY_STATUS: Rows = [
  ...OVERLOAD,
  ['overloaded', /^529$/],
  ['rate-limit', /^429$|rate_?limit|too_many_requests|resource_exhausted/i],
  ['timeout', /^408$|timeout|deadline_exceeded/i],
  ['auth', /^40[13]$|auth|api_key|permission/i],
  ['quota', /^402$/],
  ['not-found', /^4(04|10)$|not_found/i],
  ['conflict', /^409$|^conflict/i],
  ['server', /^[5-9]..$|server_error|api_error|internal|unavailable/i],
  ['bad-request', /^4..$|invalid|unsupported|failed_precondition/i],
]

function kindOf(
  status: number | undefined,
  names: readonly string[],
  message: string,
): FailureKind | undefined {
  const isRejected = [undefined, 400, 403, 413, 422].includes(status)
  return (
    find(BY_CODE, names) ??
    (isRejected ? find(BY_MESSAGE, [message]) : undefined) ??
    (status === 429 ? find(SPENT, [message]) : undefined) ??
    (status && status >= 500 ? find(OVERLOAD, names) : undefined) ??
    find(BY_STATUS, status === undefined ? names : [String(status)])
  )
}

const find = (rows: Rows, texts: readonly string[]): FailureKind | undefined =>
  rows.find(([, pattern]) => texts.some((text) => pattern.test(text)))?.[0]

/**
 * The kinds of failures that are never retryable, even if the server sends `x-should-retry: true`, because the same request would fail
 * again.
 */
const NEVER_RETRY = /^(quota|refused)$/
const RETRYABLE = /^(timeout|rate-limit|overloaded|server|conflict|malformed|stream)$/
const RETRYABLE_SERVER = /^(500|502|503|504|52[0-4])$/

function isRetryable(kind: FailureKind, status: number | undefined, names: readonly string[]): boolean {
  // The stream broke after its first content. Only the caller can decide, because it has received a part of the answer.
  if (names.includes('stream_incomplete')) return false
  return RETRYABLE.test(kind) && (kind !== 'server' || !status || RETRYABLE_SERVER.test(String(status)))
}

function statusIn(code: unknown): number | undefined {
  return typeof code === 'number' && code >= 400 && code < 600 ? code : undefined
}
