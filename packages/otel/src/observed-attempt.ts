// What Harbor reports to an observer, as far as it is read here. The types of `@harbor/core` can be assigned to these; a test proves it.

/** One request sent to a provider. */
export interface Attempt {
  /** The number of the attempt within the call, from 1. If undefined, the observer counts the attempts itself. */
  readonly number?: number | undefined
  /** The target to which the request was sent: `provider/model`. */
  readonly target: string
  /** The origin to which the request was sent, such as `https://api.openai.com`; undefined if it is not known. */
  readonly origin?: string | undefined
  /** The state of the target's circuit when the attempt was admitted: `closed`, `open`, `half-open` or `isolated`; undefined without a circuit. */
  readonly circuit?: string | undefined
  /** When the attempt started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How long the attempt took, in milliseconds; for a stream, until its end. Undefined while it is in flight. */
  readonly durationMs?: number | undefined
  /** Why the attempt was made: `first`, `retry`, `fallback`, `hedge` or `probe`. */
  readonly reason?: string | undefined
  /** The HTTP status of the answer; undefined without an answer. */
  readonly status?: number | undefined
  /** Why the attempt failed; undefined if it succeeded or is in flight. */
  readonly failure?: Failure | undefined
}

/** Why an attempt or a call failed. */
export interface Failure {
  /** What went wrong, in one word, such as `rate-limit`, `timeout` or `network`. */
  readonly kind: string
  /** The error code of the provider, of the transport or of Harbor; undefined if there is none. */
  readonly code?: string | undefined
  /** The HTTP status of the answer; undefined without an answer, and for the failure of an attempt, which has its own `status`. */
  readonly status?: number | undefined
  /**
   * Whether the provider may have carried out and billed the request: it was sent, but no complete and valid answer arrived. Undefined for the
   * failure of a call.
   */
  readonly ambiguous?: boolean | undefined
  /**
   * When the attempt failed: before the request was sent (`not-sent`), before an answer arrived (`sent`), by its status or headers (`headers`), or
   * later (`body`). Undefined for the failure of a call.
   */
  readonly phase?: string | undefined
  /** Which of Harbor's timeouts was exceeded; undefined for other failures. */
  readonly clock?: string | undefined
}

/** One wait of a call. */
export interface Wait {
  /** Why the call waited, such as `backoff`, `retry-after` or `limit`. */
  readonly reason: string
  /** When the wait began, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How long the call waited, in milliseconds. */
  readonly ms: number
}
