/** Redis cannot be reached now, so the command was not sent. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  constructor() {
    super(
      'The client has no connection to Redis. The command was not sent; the client connects again by itself.',
    )
  }
}
