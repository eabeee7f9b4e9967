import type { HeadersLike } from '../delay/retry-after.ts'
import { classifyStatus } from './classify-status.ts'
import { isRecord, type Facts } from './facts.ts'
import type { Failure, FailureKind } from './failure.ts'
import { bodyInMessage } from './body-in-message.ts'
import { localFault } from './local-fault.ts'

/** The maximum number of errors in a `cause` chain that are examined, because a chain may be circular. */
const MAX_DEPTH = 8

/**
 * Classifies an error of any type. Recognises HTTP errors of any client (`openai`, axios, got, the AWS SDK, a `Response`, anything with a status),
 * transport errors of Node and undici, aborts and timeouts. The first recognised error in the `cause` chain, up to 8 links deep, decides.
 *
 * Any other error is of kind `unknown`. It is retryable, except for a programming error such as a TypeError. Never throws.
 */
export function classify(error: unknown): Failure {
  let broken = false
  try {
    const failure = recognized(error)
    if (failure) return failure
    broken = isRecord(error) && PROGRAMMING.test(nameOf(error))
  } catch {
    // A property of the error throws when it is read.
  }
  return { kind: 'unknown', retryable: !broken, ambiguous: false }
}

function recognized(error: unknown): Failure | undefined {
  let likely: Failure | undefined
  let link = error
  for (let depth = 0; depth < MAX_DEPTH && isRecord(link); depth++) {
    const failure = fromAnswer(link) ?? fromThisMachine(link) ?? fromText(link, CERTAIN)
    if (failure) return failure
    // This error only wraps another one, which may say more exactly whether the request was sent, or what timed out.
    const guess = fromText(link, LIKELY)
    if (!likely || guess?.kind === 'timeout') likely = guess
    link = link.cause ?? link.error
  }
  return likely
}

/** Classifies an error that the server reported: an HTTP error, or an error within a stream, which has a body but no status. */
function fromAnswer(link: Facts): Failure | undefined {
  const response = isRecord(link.response) ? link.response : {}
  const { httpStatusCode } = isRecord(link.$metadata) ? link.$metadata : {}
  const status = [link.status, link.statusCode, response.status, response.statusCode, httpStatusCode].find(
    isStatus,
  )
  const bodies = status ? [link.error, link.data, response.data, response.body] : [link.error]
  const found = bodies.find((part): part is Facts => isRecord(part) && !(part instanceof Error))
  const body = found ?? (status === undefined ? undefined : bodyInMessage(link.message))
  // The errors of the AWS SDK hold the response in a property that is not enumerable.
  const awsResponse = isRecord(link.$response) ? link.$response : {}
  if (!status && !body) return undefined
  const error = isRecord(body?.error) ? body.error : body
  return classifyStatus(status, {
    // Anthropic puts the code into the details of the error.
    code: (error?.code ??
      (isRecord(error?.details) ? error.details.error_code : undefined) ??
      link.code) as string,
    // `Response.type` says how the response was fetched, such as `cors`. It is not an error type.
    // Google puts the name of its status into `status`.
    type: (error?.type ?? error?.status ?? ('bodyUsed' in link ? undefined : link.type)) as string,
    message: (error?.message ?? link.message) as string,
    details: error?.details,
    headers: [link.headers, link.responseHeaders, response.headers, awsResponse.headers].find(isRecord) as
      HeadersLike | undefined,
  })
}

/** Classifies an error whose cause is this process or machine. */
function fromThisMachine(link: Facts): Failure | undefined {
  const fault = localFault(link)
  return (
    fault && {
      kind: 'network',
      code: fault.code,
      retryable: true,
      ambiguous: fault.wasSending,
      origin: 'local',
    }
  )
}

/** Classifies an error by its code, name and message. A code that is a number, as in a DOMException, is ignored. */
function fromText(link: Facts, rows: Rows): Failure | undefined {
  const code = typeof link.code === 'string' ? link.code : undefined
  const text = `${code ?? ''} ${nameOf(link)}: ${String(link.message)}`
  const row = rows.find(([pattern]) => pattern.test(text))
  if (!row) return undefined
  const [, kind, ambiguous = false] = row
  const retryAfterMs = typeof link.retryAfterMs === 'number' ? link.retryAfterMs : undefined
  return { kind, code, retryable: kind === 'network' || kind === 'timeout', ambiguous, retryAfterMs }
}

/**
 * Patterns for the text "CODE Name: message" of an error, each with a kind of failure. The first matching row decides. `true` in
 * a row means that the request may have been processed, and billed.
 */
type Rows = readonly (readonly [RegExp, FailureKind, true?])[]

/** Patterns for errors that identify the failure exactly. */
const CERTAIN: Rows = [
  [/^(breaker_open|local_rate_limit|queue_full|spend_limit) |(BreakerOpen|PoolQueueFull)Error:/, 'refused'],
  [
    /^(ABORT_ERR|ERR_CANCELED|UND_ERR_ABORT(ED)?) | ((APIUser)?Abort|Canceled)Error:|: Request was aborted\.$/,
    'aborted',
  ],
  [/^(ERR_INVALID|UND_ERR_(INVALID|NOT_SUPPORTED|REQ_CONTENT))/, 'unknown'],
  // The request was not sent: no connection (an AggregateError has one error per address), unknown host, untrusted certificate.
  [/^[A-Z]+ (AggregateError:|Error: connect )|before secure TLS/, 'network'],
  [/^(ECONNREFUSED|ENOTFOUND|EAI_|E(HOST|NET)(UNREACH|DOWN)|EADDRNOTAVAIL|EPROTO)/, 'network'],
  [/^UND_ERR_(CONNECT|CLOSED|PRX|SOCKS5)|^ERR_(TLS|SSL)|^\w*CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH/, 'network'],
  // The request was sent, but no complete answer arrived.
  [/^(retry_timeout|E(SOCKET)?TIMEDOUT|UND_ERR_\w+_TIMEOUT) /, 'timeout', true],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|ENOTCONN|UND_ERR|HPE_|ERR_(HTTP2|STREAM|NETWORK))/, 'network', true],
]

/**
 * Patterns for errors that usually wrap a more specific one. The errors of `openai` are recognised by their messages too, because
 * a minifier changes class names.
 */
const LIKELY: Rows = [
  [/ \w*TimeoutError:|: Request timed out\.$/, 'timeout', true],
  [/ APIConnectionError:|: Connection error\.$/, 'network', true],
  [
    / TypeError: (fetch failed|failed to fetch|network ?error|load failed|terminated|error (send|read)ing)/i,
    'network',
    true,
  ],
]

const PROGRAMMING = /^(Type|Range|Syntax|Reference|Eval|URI)Error$/

function nameOf(link: Facts): string {
  const { name, constructor } = link as { name?: unknown; constructor?: { name: string } }
  return typeof name === 'string' && name !== 'Error' ? name : String(constructor?.name)
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) < 600
}
