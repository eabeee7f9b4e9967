const CLOSED = 'model_closed'
const INCOMPLETE = 'stream_incomplete'
const MALFORMED = 'malformed_answer'

/** The error of a call that was made after `close()`. Nothing was sent. */
export class ModelClosedError extends Error {
  override readonly name = 'ModelClosedError'
  /** Always `model_closed`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CLOSED

  constructor() {
    super('The fallback model is closed. Create another one with createFallbackModel().')
  }

  /** Whether an error is a ModelClosedError, including one from another copy of this package. */
  static is(error: unknown): error is ModelClosedError {
    return hasCode(error, CLOSED)
  }
}

/**
 * A stream failed before its end. After its first content, the caller has received a part of the answer, so no other target can take over: the error
 * is then the last part of the stream. `cause` is the error that the provider or the connection reported; missing if there was none.
 */
export class StreamIncompleteError extends Error {
  override readonly name = 'StreamIncompleteError'
  /** Always `stream_incomplete`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = INCOMPLETE
  /** The name of the target that was answering, such as `openai.responses/gpt-5`. */
  readonly target: string
  /**
   * `cut`: the stream ended early. `error`: the provider reported an error, or the connection failed. `idle`: no content arrived for `idleMs`.
   * `unread`: the caller did not read the stream for five minutes.
   */
  readonly reason: 'cut' | 'error' | 'idle' | 'unread'

  constructor(target: string, reason: StreamIncompleteError['reason'], cause?: unknown) {
    super(
      `The stream of ${target} ${WHAT_HAPPENED[reason]}. The answer is incomplete.`,
      cause === undefined ? undefined : { cause },
    )
    this.target = target
    this.reason = reason
  }

  /** Whether an error is a StreamIncompleteError, including one from another copy of this package. */
  static is(error: unknown): error is StreamIncompleteError {
    return hasCode(error, INCOMPLETE)
  }
}

const WHAT_HAPPENED = {
  cut: 'ended before the answer was complete',
  error: 'reported an error',
  idle: 'sent no content within idleMs',
  unread: 'was not read for five minutes, and was closed',
} as const

/**
 * The error of an attempt whose answer cannot be used: it is none, it has no complete content, or its stream has more than 10,000 parts before
 * the first content, or a part that is no object. For embeddings: the vectors do not fit the values or the dimensions that were requested. A stream that ends early has a
 * StreamIncompleteError instead.
 */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError'
  /** Always `malformed_answer`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = MALFORMED

  constructor(target: string, what: string) {
    super(`${target} answered with ${what}.`)
  }

  /** Whether an error is a MalformedAnswerError, including one from another copy of this package. */
  static is(error: unknown): error is MalformedAnswerError {
    return hasCode(error, MALFORMED)
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code
}
