import type { RedisQueueBackend } from 'bullmq'
import { KEY_TTL_MS } from '../redis/keys.ts'
import type { Redis } from '../redis/redis.ts'
import { EXPIRE, IS_BUSY } from '../redis/worker-scripts.ts'

/** How often workers look for jobs of dead workers, in milliseconds. */
export const STALLED_CHECK_MS = 3_000

/**
 * Looks for jobs of dead workers by a timer, and puts them back into the queue. BullMQ's own timer is off: it writes a key without a TTL, also while the
 * queue is empty.
 */
export class StalledChecks {
  readonly #redis: Redis
  readonly #backend: RedisQueueBackend
  readonly #onError: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(redis: Redis, backend: RedisQueueBackend, onError: (error: unknown) => void) {
    this.#redis = redis
    this.#backend = backend
    this.#onError = onError
    void this.#check()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #check(): Promise<void> {
    const { active, stalled, meta } = this.#backend.keys
    try {
      const [isBusy] = await this.#redis.run(IS_BUSY, [String(active), String(stalled)], [])
      if (isBusy === '1') {
        await this.#backend.moveStalledJobsToWait()
        await this.#redis.run(EXPIRE, [String(meta)], [KEY_TTL_MS])
      }
    } catch (error) {
      this.#onError(error)
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#check(), STALLED_CHECK_MS)
  }
}
