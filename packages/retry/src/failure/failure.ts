/**
 * The kind of a failure, as far as it matters for what to do next. `network`: no answer came. `timeout`: none came in time.
 * `refused`: a breaker, queue or limit of Harbor did not let the call through. `malformed`: the answer has no usable
 * content. `aborted`: the caller aborted. All other kinds were reported by the server.
 */
export type FailureKind =
  | 'network'
  | 'timeout'
  | 'rate-limit'
  | 'quota'
  | 'overloaded'
  | 'server'
  | 'auth'
  | 'not-found'
  | 'bad-request'
  | 'context-length'
  | 'content-filter'
  | 'conflict'
  | 'malformed'
  | 'stream'
  | 'refused'
  | 'aborted'
  | 'unknown'

/** Facts about a failed attempt. */
export interface Failure {
  kind: FailureKind
  /** The HTTP status, if there was an answer. */
  status?: number | undefined
  /** The provider's or the transport's own code, such as `insufficient_quota` or `ECONNRESET`. */
  code?: string | undefined
  /** Whether the same request may succeed when it is sent again. */
  retryable: boolean
  /** The request was sent and no answer came, so it may have been carried out, and billed. */
  ambiguous: boolean
  /**
   * `local`: this process or machine could not send the request, for want of file descriptors or ports for example. The
   * failure says nothing about the server, so it is no reason to stop calling it.
   */
  origin?: 'local' | undefined
  /** How long the server asked to wait before the next request, in milliseconds. */
  retryAfterMs?: number | undefined
}
