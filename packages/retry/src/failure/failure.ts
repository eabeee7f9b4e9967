/**
 * The kind of a failure:
 * - `network`: the connection failed, so no answer arrived, or only a part of one
 * - `timeout`: no answer arrived in time, or the server reported a timeout
 * - `rate-limit`: too many requests or tokens for now
 * - `quota`: the account has no money left, or a limit for a day or month is used up
 * - `overloaded`: the server has no capacity now
 * - `server`: any other error of the server, mostly with a status of 500 or more
 * - `auth`: the API key is missing, wrong, or not allowed to do this
 * - `not-found`: the model, or something else that the request names, does not exist
 * - `bad-request`: the server refused the request as invalid
 * - `context-length`: the request is too long for the model
 * - `content-filter`: a content filter refused the request or the answer
 * - `conflict`: the request conflicts with another one, or with the state of the server (status 409)
 * - `malformed`: an answer arrived, but it has no usable content
 * - `stream`: the server reported an error within a stream that is none of the above. In receipts, also: a stream stalled, broke off, or ended before
 *   its answer was complete
 * - `refused`: a breaker, queue or limit of Harbor rejected the call
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

/**
 * What is known of a failed attempt: what went wrong, whether another attempt may help, and whether the request may have been billed. Returned by
 * `classify`.
 */
export interface Failure {
  /** What went wrong, in one word: `rate-limit`, `timeout`, `network` and so on. `FailureKind` explains each. */
  kind: FailureKind
  /** The HTTP status of the answer, or the status that an error in a 2xx body or in a stream names. Undefined if no answer arrived. */
  status?: number | undefined
  /** The error code of the provider, such as `insufficient_quota`, or of the transport, such as `ECONNRESET`. Undefined if the error has none. */
  code?: string | undefined
  /** Whether the same request may succeed when it is sent again. */
  retryable: boolean
  /** Whether the server may have processed, and billed, the request: the request was sent, but no complete answer arrived. */
  ambiguous: boolean
  /**
   * `local` if the cause is this process or machine, for example because no file descriptor or port was free. Such a failure is not the fault of the
   * server, and should not count against it. Undefined for all other failures.
   */
  origin?: 'local' | undefined
  /**
   * The scope of an exhausted quota: `model` if it applies to this model only, so that other models can still be used.
   * Undefined for a quota of the whole account, and for other failures.
   */
  quotaOf?: 'model' | undefined
  /**
   * How long the server asks clients to wait before the next request, in milliseconds: from Retry-After, or from the details of a Google error.
   * Undefined if the server does not say.
   */
  retryAfterMs?: number | undefined
}
