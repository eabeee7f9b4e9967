import { readHeader } from '@harbor/parts'
import { parseRetryAfter, type HeadersLike } from '../delay/retry-after.ts'
import type { Failure, FailureKind } from './failure.ts'
import { readGoogleDetails } from './google-details.ts'

/** The facts of an error answer, apart from its status. */
export interface AnswerFacts {
  /** `error.code` of the body. In a 2xx answer, a number from 400 to 599 is used as the status, since OpenRouter puts it here. */
  code?: string | number | null | undefined
  /** `error.type` of the body. */
  type?: string | null | undefined
  /** `error.message` of the body. Read only if the code and the type do not decide, and never stored. */
  message?: string | null | undefined
  headers?: HeadersLike | undefined
  /**
   * `error.details` of a Google API: `RetryInfo` says how long to wait, `QuotaFailure` and `ErrorInfo` which quota is used up. A daily quota
   * is of the kind `quota`, and `retryAfterMs` is the time until its day ends.
   */
  details?: unknown
}

/**
 * Classifies an HTTP error by its status, a few facts of its body, and its headers. A pure function.
 *
 * @param status the HTTP status, or `undefined` for an error in the middle of a stream. If it is `undefined` or 2xx, the code,
 * type and message decide; if they are not enough, the failure is `stream` or, for 2xx, `malformed`.
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
    ambiguous: false,
    ...(google?.quotaOf && { quotaOf: google.quotaOf }),
    retryAfterMs: longest(headers && parseRetryAfter(headers), google?.retryAfterMs),
  }
}

function longest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? 0)
}

type Rows = readonly (readonly [FailureKind, RegExp])[]

/** Patterns for the code and the type of an error, for any status. The first matching row decides. */
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

/** Patterns for the message of an error, for providers that send no code. Used only for statuses that reject a request. */
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

/** Patterns for the message of a 429 whose quota is money. Providers send no other code for it than for a rate limit. */
const SPENT: Rows = [
  ['quota', /spend(ing)? (cap|limit)|credits (are|is|have been) (depleted|exhausted|used up)/i],
]

/** Patterns for the codes and types of 5xx errors that mean an overload. `UNAVAILABLE` is Google's. */
const OVERLOAD: Rows = [
  ['overloaded', /overload|slow_down/i],
  ['overloaded', /^UNAVAILABLE\b/],
]

/** Patterns for the status or, if there is no status, for the code and the type. */
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

/** Kinds that are never retryable, whatever `x-should-retry` says, because the same request would fail again. */
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
