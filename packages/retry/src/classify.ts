import { classifyStatus } from './classify-status.ts'
import type { Failure, FailureKind } from './failure.ts'
import type { HeadersLike } from './headers.ts'

/** How many errors of a `cause` chain are looked at; a chain may be a ring. */
const DEPTH = 8

/**
 * What an error means: an HTTP answer in the shape of any client (`openai`'s error classes, a `Response`, anything with a
 * status), a transport error of Node or undici, an abort, a timeout. The first error along `cause` that tells decides.
 * A stranger is `unknown` and retryable; a programming error, such as a TypeError, is `unknown` and not.
 */
export function classify(error: unknown): Failure {
  let likely: Failure | undefined
  let link = error
  for (let depth = 0; depth < DEPTH && isObject(link); depth++) {
    const failure = fromAnswer(link) ?? fromCode(link)
    if (failure) return failure
    const title = `${nameOf(link)}: ${String(link.message)}`
    if (ABORTED.test(title)) return { kind: 'aborted', retryable: false, ambiguous: false }
    // Which of the two it was, and whether the request left, a cause may tell more exactly.
    if (TIMED_OUT.test(title)) likely = { kind: 'timeout', retryable: true, ambiguous: true }
    else if (NO_ANSWER.test(title)) likely ??= { kind: 'network', retryable: true, ambiguous: true }
    link = link.cause ?? link.error
  }
  return (
    likely ?? {
      kind: 'unknown',
      retryable: !(isObject(error) && PROGRAMMING.test(nameOf(error))),
      ambiguous: false,
    }
  )
}

type Facts = Readonly<Record<string, unknown>>

/** An answer came; or an error came inside a stream, where only a body is left to tell it. */
function fromAnswer(link: Facts): Failure | undefined {
  const response = isObject(link.response) ? link.response : {}
  const status = [link.status, link.statusCode, response.status].find(isStatus)
  const bodies = status ? [link.error, link.data, response.data] : [link.error]
  const body = bodies.find((part): part is Facts => isObject(part) && !(part instanceof Error))
  if (!status && !body) return undefined
  const error = isObject(body?.error) ? body.error : body
  return classifyStatus(status, {
    code: (error?.code ?? link.code) as string,
    // The `type` of a Response says how it was fetched.
    type: (error?.type ?? ('bodyUsed' in link ? undefined : link.type)) as string,
    message: (error?.message ?? link.message) as string,
    headers: [link.headers, link.responseHeaders, response.headers].find(isObject) as HeadersLike | undefined,
  })
}

/** Codes of Node and undici, and of Harbor. Only strings: the `code` of a DOMException is a number of another world. */
function fromCode(link: Facts): Failure | undefined {
  const { code, retryAfterMs } = link
  if (typeof code !== 'string') return undefined
  const text = `${code} ${String(link.syscall)} ${String(link.message)}`
  const row = CODES.find(([pattern]) => pattern.test(text))
  if (!row) return undefined
  const [, kind, ambiguous = false] = row
  const failure: Failure = { kind, code, retryable: /network|timeout/.test(kind), ambiguous }
  if (typeof retryAfterMs === 'number') failure.retryAfterMs = retryAfterMs
  return failure
}

/** Matched against "code syscall message", in this order. `true`: it may have been carried out. */
const CODES: readonly (readonly [RegExp, FailureKind, true?])[] = [
  [/^(breaker_open|local_rate_limit|queue_full|spend_limit) /, 'refused'],
  [/^(ABORT_ERR|ERR_CANCELED|UND_ERR_ABORT(ED)?) /, 'aborted'],
  [/^(ERR_INVALID|UND_ERR_(INVALID|NOT_SUPPORTED|REQ_CONTENT))/, 'unknown'],
  // Never sent: no connection, no name, no trust.
  [/^\w+ connect |before secure TLS/, 'network'],
  [/^(ECONNREFUSED|ENOTFOUND|EAI_|E(HOST|NET)(UNREACH|DOWN)|EADDRNOTAVAIL|EPROTO)/, 'network'],
  [/^UND_ERR_(CONNECT|CLOSED|PRX|SOCKS5)|^ERR_(TLS|SSL)|^\w*CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH/, 'network'],
  // Sent, and no answer, or not the whole of it.
  [/^(retry_timeout|E(SOCKET)?TIMEDOUT|UND_ERR_\w+_TIMEOUT) /, 'timeout', true],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|ENOTCONN|UND_ERR|HPE_|ERR_(HTTP2|STREAM|NETWORK))/, 'network', true],
]

/** Matched against "name: message", for what has no code; openai's classes have no name of their own once minified. */
const ABORTED = /^((APIUser)?AbortError|CanceledError):|: Request was aborted\.$/
const TIMED_OUT = /^\w*TimeoutError:|: Request timed out\.$/
const NO_ANSWER =
  /^APIConnectionError:|: (fetch failed|failed to fetch|network ?error|load failed|terminated$|connection error\.$)/i
const PROGRAMMING = /^(Type|Range|Syntax|Reference|Eval|URI)Error$/

function nameOf(link: Facts): string {
  const { name, constructor } = link as { name?: unknown; constructor?: { name: string } }
  return typeof name === 'string' && name !== 'Error' ? name : String(constructor?.name)
}

function isObject(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 100 && (value as number) < 600
}
