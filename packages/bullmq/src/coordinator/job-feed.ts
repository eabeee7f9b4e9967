import type { BulkJobOptions, Queue } from 'bullmq'
import { pause } from '../redis/redis.ts'
import type { Job } from './job.ts'

/** The maximum number of jobs that are added in one script, which blocks Redis while it runs. */
const MAX_SLICE = 1_000
/** The number of characters after which a slice is added. */
const MAX_SLICE_LENGTH = 4 * 1024 * 1024
/** The maximum number of characters of the jobs in Redis together. Further jobs wait in this process until others have ended. */
const MAX_QUEUED_LENGTH = 256 * 1024 * 1024
const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 5_000

export interface JobFeedHost {
  /** Called when jobs were added, so that they get a TTL. */
  onAdded(jobs: readonly Job[]): Promise<void>
  onError(error: unknown): void
}

/**
 * Adds jobs to the queue, many at once. A job that is in Redis already is not added again, so a slice whose outcome is unknown is added again until it
 * succeeds. If Redis is gone, or its memory is full, the jobs wait here.
 */
export class JobFeed {
  readonly #queue: Queue
  readonly #run: string
  readonly #signal: AbortSignal
  readonly #host: JobFeedHost
  #waiting: Job[] = []
  #queuedLength = 0
  #isBusy = false

  /** @param run the token of the run; the name of its jobs */
  constructor(queue: Queue, run: string, signal: AbortSignal, host: JobFeedHost) {
    this.#queue = queue
    this.#run = run
    this.#signal = signal
    this.#host = host
  }

  add(...jobs: readonly Job[]): void {
    for (const job of jobs) this.#waiting.push(job)
    if (this.#isBusy) return
    this.#isBusy = true
    // Jobs of the same turn of the event loop go together.
    setImmediate(() => void this.#addAll())
  }

  /** Called when a job that was added has ended, or Redis has lost it. */
  remove(job: Job): void {
    job.isAdded = false
    this.#queuedLength -= job.queuedLength
    job.queuedLength = 0
    if (!this.#isBusy && this.#waiting.length > 0) this.add()
  }

  /** Removes the jobs that were not added to the queue, and returns them. */
  takeBack(): readonly Job[] {
    return this.#waiting.splice(0)
  }

  async #addAll(): Promise<void> {
    for (;;) {
      const slice = this.#nextSlice()
      if (slice.length === 0 || this.#signal.aborted) break
      await this.#addSlice(slice)
    }
    this.#isBusy = false
  }

  #nextSlice(): readonly Job[] {
    const slice: Job[] = []
    let length = 0
    for (const job of this.#waiting) {
      const size = job.data.item.length
      // One job always fits, however large.
      const isFull = this.#queuedLength + size > MAX_QUEUED_LENGTH && this.#queuedLength > 0
      if (isFull || slice.length === MAX_SLICE || (length + size > MAX_SLICE_LENGTH && slice.length > 0))
        break
      slice.push(job)
      length += size
      this.#queuedLength += size
      job.queuedLength = size
    }
    if (slice.length > 0) this.#waiting = this.#waiting.slice(slice.length)
    return slice
  }

  async #addSlice(slice: readonly Job[]): Promise<void> {
    for (let delayMs = MIN_RETRY_MS; !this.#signal.aborted; delayMs = Math.min(MAX_RETRY_MS, delayMs * 2)) {
      // After an error, the slice may be in Redis, and some of its jobs may have ended.
      const open = slice.filter(({ queuedLength }) => queuedLength > 0)
      try {
        await this.#queue.addBulk(open.map((job) => this.#bullmqJob(job)))
        await this.#host.onAdded(open)
        for (const job of open) job.isAdded = job.queuedLength > 0
        return
      } catch (error) {
        this.#host.onError(error)
        await pause(delayMs, this.#signal)
      }
    }
  }

  #bullmqJob({ jobId, data }: Job): { name: string; data: unknown; opts: BulkJobOptions } {
    return { name: this.#run, data, opts: { jobId, ...REMOVED } }
  }
}

/** A job whose result is stored leaves nothing behind. Its result is not that of BullMQ, which a second worker could overwrite. */
const REMOVED = { removeOnComplete: true, removeOnFail: true }
