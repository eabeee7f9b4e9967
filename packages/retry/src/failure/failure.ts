/**
 * The kind of a failure. All kinds were reported by the server, except for these:
 * - `network`: no answer arrived, or only a part of one
 * - `timeout`: no answer arrived in time; a server may report this one too
 * - `malformed`: an answer arrived, but it has no usable content
 * - `refused`: a breaker, queue or limit of Harbor did not let the call through
 * - `aborted`: the caller aborted
 * - `unknown`: the error was not recognised
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
  /** Whether the request may have been processed, and billed: it was sent, but no complete answer arrived. */
  ambiguous: boolean
  /**
   * `local` if this process or machine could not send the request, for example because no file descriptor or port was free.
   * Such a failure says nothing about the server, so it should not count against the server.
   */
  origin?: 'local' | undefined
  /** What a used-up quota belongs to, if that is not the whole account: `model` if other models can still be used. */
  quotaOf?: 'model' | undefined
  /** How long the server asks clients to wait before the next request, in milliseconds. */
  retryAfterMs?: number | undefined
}
