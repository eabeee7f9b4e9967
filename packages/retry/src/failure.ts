/**
 * What went wrong, in the terms that decide what to do next. `network`: no answer. `timeout`: none in time. `refused`:
 * Harbor's own breaker, queue or limit said no. `malformed`: an answer that is none. All others came as an answer.
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

/** The facts about a failed attempt. */
export interface Failure {
  kind: FailureKind
  /** The HTTP status, if there was an answer. */
  status?: number | undefined
  /** The provider's or the transport's own code, such as `insufficient_quota` or `ECONNRESET`. */
  code?: string | undefined
  /** Whether the same request, sent again, may well succeed. */
  retryable: boolean
  /** The request was sent and no answer came: it may have been carried out, and billed. */
  ambiguous: boolean
  /**
   * `local`: this process or machine lacked the means to send it, such as file descriptors or ports. It says nothing about the
   * server, so it is no reason to stop calling it.
   */
  origin?: 'local' | undefined
  /** How long the server asked to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined
}
