import { hasCode, QueueFullError } from '../errors.ts'

/** A request was not sent, because its wait for the rate limits has exceeded `maxWaitMs`, or would certainly exceed it. */
export class RateLimitWaitError extends Error {
  override readonly name = 'RateLimitWaitError'
  /** Always `rate_limit_wait`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'rate_limit_wait'
  /** The estimated remaining wait, in milliseconds. */
  readonly waitMs: number
  /** The value of the option `maxWaitMs`, in milliseconds. */
  readonly maxWaitMs: number

  constructor(waitMs: number, maxWaitMs: number) {
    super(
      `the rate limits would delay this request by ${Math.ceil(waitMs)} ms, which is more than is left of maxWaitMs (${maxWaitMs} ms). ` +
        'Send less, wait and try again, or raise maxWaitMs.',
    )
    this.waitMs = waitMs
    this.maxWaitMs = maxWaitMs
  }

  /** Whether an error is a RateLimitWaitError, including one from another copy of this package. */
  static is(error: unknown): error is RateLimitWaitError {
    return hasCode(error, 'rate_limit_wait')
  }
}

/** The queue of the rate limiter is full: `maxQueue` calls of `acquire` are already waiting. */
export class LimiterFullError extends QueueFullError {
  constructor(maxQueue: number) {
    super(maxQueue, 0)
    this.message = `the rate limiter is full: ${maxQueue} requests are waiting. Send more slowly, or raise maxQueue.`
  }
}
