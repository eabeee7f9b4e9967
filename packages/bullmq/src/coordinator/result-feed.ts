import type { RedisConnection } from 'bullmq'
import { pause, type Redis } from '../redis/redis.ts'
import type { RunKeys } from '../redis/keys.ts'
import { TAKE } from '../redis/coordinator-scripts.ts'

/** The maximum number of results that are taken at once. */
const MAX_TAKEN = 200
/** The number of bytes of results after which no more are taken at once. */
const MAX_TAKEN_BYTES = 4 * 1024 * 1024
/** How long one command blocks, in seconds. */
const BLOCK_S = 5
const RETRY_MS = 250

export interface ResultFeedHost {
  /** Called for each result, in the order in which they were written. */
  onResult(jobId: string, result: string): void
  onError(error: unknown): void
}

/** Takes results from Redis as they are written. A connection of its own blocks until there are some. */
export class ResultFeed {
  readonly #redis: Redis
  readonly #blocking: RedisConnection
  readonly #keys: RunKeys
  readonly #host: ResultFeedHost
  readonly #ending = new AbortController()

  constructor(redis: Redis, blocking: RedisConnection, keys: RunKeys, host: ResultFeedHost) {
    this.#redis = redis
    this.#blocking = blocking
    this.#keys = keys
    this.#host = host
  }

  /** Takes results until `close()`. Never rejects: while Redis is gone, it tries again. */
  async run(): Promise<void> {
    const { done, results, wake } = this.#keys
    while (!this.#isClosed()) {
      try {
        const taken = await this.#redis.run(TAKE, [results, done], [MAX_TAKEN, MAX_TAKEN_BYTES])
        for (let at = 0; at + 1 < taken.length && !this.#isClosed(); at += 2)
          this.#host.onResult(String(taken[at]), String(taken[at + 1]))
        if (taken.length > 0) continue
        const client = await this.#blocking.client
        if (!this.#isClosed()) await client.bzpopmin(wake, BLOCK_S)
      } catch (error) {
        if (this.#isClosed()) return
        this.#host.onError(error)
        await pause(RETRY_MS, this.#ending.signal)
      }
    }
  }

  /** Ends the feed at once, by closing its connection. */
  async close(): Promise<void> {
    this.#ending.abort(new Error('the run has ended'))
    await this.#blocking.close(true)
  }

  #isClosed(): boolean {
    return this.#ending.signal.aborted
  }
}
