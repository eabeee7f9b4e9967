import { readHeader } from '@harbor/parts'
import type { Failure, FailureKind } from './failure.ts'
import type { HeadersLike } from './headers.ts'
import { parseRetryAfter } from './retry-after.ts'

/** What an answer says about its error, beside the status. */
export interface AnswerFacts {
  /** `error.code` of the body. Inside a 2xx answer a number from 400 to 599 is taken for the status, as OpenRouter means it. */
  code?: string | number | null | undefined
  /** `error.type` of the body. */
  type?: string | null | undefined
  /** `error.message` of the body. Read for the few errors that have no code, and not kept. */
  message?: string | null | undefined
  headers?: HeadersLike | undefined
}

/**
 * What an answer that is an error means: a pure function of the status, a few facts of the body, and the headers.
 *
 * @param status of the answer. If it is 2xx, or `undefined` for an error in the middle of a stream, the facts of the body
 * decide; if they do not tell, the failure is `malformed`, or `stream`.
 */
export function classifyStatus(
  status: number | undefined,
  { code, type, message = '', headers }: AnswerFacts = {},
): Failure {
  const names = [code, type].filter((name) => typeof name === 'string')
  const inBody = status === undefined || (status >= 200 && status < 300)
  const meant = inBody ? statusIn(code) : status
  const kind = kindOf(meant, names, String(message)) ?? (status === undefined ? 'stream' : 'malformed')
  const wish = headers && readHeader(headers, 'x-should-retry')
  return {
    kind,
    status: meant ?? status,
    code: names[0],
    retryable:
      !HOPELESS.test(kind) && (wish === 'true' || (wish !== 'false' && isRetryable(kind, meant, names))),
    ambiguous: false,
    retryAfterMs: headers && parseRetryAfter(headers),
  }
}

type Rows = readonly (readonly [FailureKind, RegExp])[]

/** Codes and types that decide whatever the status. The first row that fits wins. */
const DECISIVE: Rows = [
  ['refused', /^(breaker_open|local_rate_limit|queue_full|spend_limit)$/],
  ['malformed', /^malformed_answer$/],
  [
    'quota',
    /(insufficient|exceeded_current)_(quota|balance)|credit_balance|(spend|usage)_limit|billing_|^arrearage/i,
  ],
  ['context-length', /context_(length|window|size)|prompt_too_long/],
  ['content-filter', /content_(filter|policy)|moderation|responsibleai|data_inspection/i],
]

/** Words of providers that send no code, looked for where a request was turned down. */
const WORDS: Rows = [
  [
    'context-length',
    /context (length|window|size|limit)|(prompt|input) is too long|maximum (prompt|input) length/i,
  ],
  ['context-length', /token (count|limit)|reduce the length|input length|too many tokens|request too large/i],
  ['context-length', /'(messages|input|prompt|instructions)\b.*string too long/],
  ['content-filter', /content management policy|safety system|content exists risk/i],
  ['quota', /credit balance|insufficient (balance|credits)/i],
]

/** Codes that turn a server's error into "too busy". */
const OVERLOAD: Rows = [['overloaded', /overload|slow_down/i]]

/** The status; where there is none, codes and types that stand in for it. */
const TELLING: Rows = [
  ...OVERLOAD,
  ['overloaded', /^529$/],
  ['rate-limit', /^429$|rate_?limit|too_many_requests/],
  ['timeout', /^408$|timeout/],
  ['auth', /^40[13]$|auth|api_key|permission/],
  ['quota', /^402$/],
  ['not-found', /^4(04|10)$|not_found/],
  ['conflict', /^409$/],
  ['server', /^[5-9]..$|server_error|api_error|internal|unavailable/],
  ['bad-request', /^4..$|invalid|unsupported/],
]

function kindOf(
  status: number | undefined,
  names: readonly string[],
  message: string,
): FailureKind | undefined {
  const turnedDown = [undefined, 400, 403, 413, 422].includes(status)
  return (
    find(DECISIVE, names) ??
    (turnedDown ? find(WORDS, [message]) : undefined) ??
    (status && status >= 500 ? find(OVERLOAD, names) : undefined) ??
    find(TELLING, status === undefined ? names : [String(status)])
  )
}

const find = (rows: Rows, texts: readonly string[]): FailureKind | undefined =>
  rows.find(([, pattern]) => texts.some((text) => pattern.test(text)))?.[0]

/** Sent again, the same request meets the same end, whatever a header says. */
const HOPELESS = /^(quota|refused)$/
const RETRYABLE = /^(timeout|rate-limit|overloaded|server|conflict|malformed|stream)$/
const RETRYABLE_SERVER = /^(500|502|503|504|52[0-4])$/

function isRetryable(kind: FailureKind, status: number | undefined, names: readonly string[]): boolean {
  // A stream that broke after its first content: whoever got the content decides.
  if (names.includes('stream_incomplete')) return false
  return RETRYABLE.test(kind) && (kind !== 'server' || !status || RETRYABLE_SERVER.test(String(status)))
}

function statusIn(code: unknown): number | undefined {
  return typeof code === 'number' && code >= 400 && code < 600 ? code : undefined
}
