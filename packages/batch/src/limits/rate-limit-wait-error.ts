const CODE = 'rate_limit_wait'

/** The limits would have kept a request, or have kept it, longer than `maxWaitMs`. It was not sent. */
export class RateLimitWaitError extends Error {
  override readonly name = 'RateLimitWaitError'
  readonly code = CODE
  /** How long it would still have to wait, as far as can be told now, in milliseconds. */
  readonly waitMs: number
  readonly maxWaitMs: number

  constructor(waitMs: number, maxWaitMs: number) {
    super(
      `the rate limits leave no room in time: ${Math.ceil(waitMs)} ms to wait, where maxWaitMs allows ${maxWaitMs}. ` +
        'Send less, wait and try again, or raise maxWaitMs.',
    )
    this.waitMs = waitMs
    this.maxWaitMs = maxWaitMs
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is RateLimitWaitError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
