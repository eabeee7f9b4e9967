import { QueueFullError } from '../batcher/queue-full-error.ts'

/** As many acquires are waiting as `maxQueue` allows. */
export class LimiterFullError extends QueueFullError {
  constructor(maxQueue: number) {
    super(maxQueue, 0)
    this.message = `the rate limiter is full: ${maxQueue} requests are waiting. Send more slowly, or raise maxQueue.`
  }
}
