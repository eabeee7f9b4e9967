const CODE = 'request_too_large'

/** Something is larger than its limit by itself, so that no amount of waiting would help. It was not sent. */
export class RequestTooLargeError extends Error {
  override readonly name = 'RequestTooLargeError'
  readonly code = CODE
  /** The option that sets the limit: `maxBatchBytes`. */
  readonly limitName: string
  readonly limit: number
  /** What it has, in the unit of the limit. */
  readonly size: number

  constructor(limitName: string, limit: number, size: number) {
    super(
      `too large by itself: ${size}, where ${limitName} allows ${limit}. Split it, or raise ${limitName}.`,
    )
    this.limitName = limitName
    this.limit = limit
    this.size = size
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is RequestTooLargeError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
