/** Redis cannot be reached now, so the command was not sent. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  /** Always `redis_unavailable`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'redis_unavailable'

  constructor() {
    super(
      'The client has no connection to Redis. The command was not sent; the client connects again by itself.',
    )
  }

  /** Whether an error is a RedisUnavailableError, including one from another copy of this package. */
  static is(error: unknown): error is RedisUnavailableError {
    return error instanceof Error && (error as { code?: unknown }).code === 'redis_unavailable'
  }
}
