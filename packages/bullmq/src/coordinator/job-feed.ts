import type { BulkJobOptions, Queue } from 'bullmq'
import { isOutOfMemory, pause } from '../redis/redis.ts'
import type { Job } from './job.ts'

/** The maximum number of jobs that are added in one script, which blocks Redis while it runs. */
const MAX_SLICE = 1_000
/** The number of characters after which a slice is added. */
const MAX_SLICE_LENGTH = 4 * 1024 * 1024
/** The maximum number of characters of the jobs in Redis together. Further jobs wait in this process until others have ended. */
const MAX_QUEUED_LENGTH = 256 * 1024 * 1024
/** By how many characters that maximum grows with each slice, after it was lowered. */
const GROWTH = 64 * 1024
const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 5_000

export interface JobFeedHost {
  /** Called when jobs were added, so that they get a TTL. @returns those that Redis has lost since */
  onAdded(jobs: readonly Job[]): Promise<readonly Job[]>
  /** Removes about half of the jobs from the queue that no worker has taken, the last ones first. @returns those that have no result, first ones first */
  removeHalf(): Promise<readonly Job[]>
  onError(error: unknown): void
}

/**
 * Adds jobs to the queue, many at once. A job that is in Redis already is not added again, so a slice whose outcome is unknown is added again until it
 * succeeds. If Redis is gone, the jobs wait here. If its memory is full, workers cannot even take jobs from it, so half of them come back here.
 */
export class JobFeed {
  readonly #queue: Queue
  readonly #run: string
  readonly #earlier: Set<string>
  readonly #signal: AbortSignal
  readonly #host: JobFeedHost
  readonly #waiting = new Set<Job>()
  #queuedLength = 0
  #maxQueuedLength = MAX_QUEUED_LENGTH
  #retryMs = MIN_RETRY_MS
  #isBusy = false

  /**
   * @param run the token of the run; the name of its jobs
   * @param earlier the jobs that were in the queue when the run was opened: a job that has ended since then is no longer there, and would be run twice
   * if it was added
   */
  constructor(
    queue: Queue,
    { run, earlier }: { readonly run: string; readonly earlier: ReadonlySet<string> },
    signal: AbortSignal,
    host: JobFeedHost,
  ) {
    this.#queue = queue
    this.#run = run
    this.#earlier = new Set(earlier)
    this.#signal = signal
    this.#host = host
  }

  add(job: Job): void {
    if (this.#earlier.delete(job.jobId)) {
      this.#count(job)
      job.isAdded = true
      return
    }
    this.#waiting.add(job)
    this.#start()
  }

  /** Called when a job has ended, or Redis has lost it. */
  remove(job: Job): void {
    this.#waiting.delete(job)
    this.#discount(job)
    this.#start()
  }

  /** Removes the jobs that were not added to the queue, and returns them. */
  takeBack(): readonly Job[] {
    const jobs = [...this.#waiting]
    this.#waiting.clear()
    return jobs
  }

  /**
   * Called when the memory of Redis is full. From then on, fewer jobs are in the queue at once.
   *
   * @param refused the jobs that Redis did not take
   */
  async makeRoom(refused: readonly Job[] = []): Promise<void> {
    this.#maxQueuedLength = Math.max(1, Math.floor(this.#queuedLength / 2))
    const removed = await this.#host.removeHalf()
    this.#waitAgain([...removed, ...refused])
  }

  #start(): void {
    if (this.#isBusy || this.#waiting.size === 0) return
    this.#isBusy = true
    // Jobs of the same turn of the event loop go together.
    setImmediate(() => void this.#addAll())
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
      const isFull = this.#queuedLength + size > this.#maxQueuedLength && this.#queuedLength > 0
      if (isFull || slice.length === MAX_SLICE || (length + size > MAX_SLICE_LENGTH && slice.length > 0))
        break
      slice.push(job)
      length += size
      this.#count(job)
    }
    for (const job of slice) this.#waiting.delete(job)
    return slice
  }

  async #addSlice(slice: readonly Job[]): Promise<void> {
    while (!this.#signal.aborted) {
      // After an error, the slice may be in Redis, and some of its jobs may have ended.
      const open = slice.filter(({ queuedLength }) => queuedLength > 0)
      try {
        await this.#queue.addBulk(open.map((job) => this.#bullmqJob(job)))
        for (const job of open) job.isAdded = job.queuedLength > 0
        const lost = await this.#host.onAdded(open)
        if (lost.length === 0) this.#retryMs = MIN_RETRY_MS
        this.#maxQueuedLength = Math.min(MAX_QUEUED_LENGTH, this.#maxQueuedLength + GROWTH)
        this.#waitAgain(lost)
        if (lost.length > 0) await this.#pause()
        return
      } catch (error) {
        this.#host.onError(error)
        const isFull = isOutOfMemory(error)
        if (isFull) await this.makeRoom(open)
        await this.#pause()
        if (isFull) return
      }
    }
  }

  async #pause(): Promise<void> {
    await pause(this.#retryMs, this.#signal)
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2)
  }

  /** Puts jobs before those that wait. */
  #waitAgain(jobs: readonly Job[]): void {
    const open = jobs.filter(({ queuedLength }) => queuedLength > 0)
    if (open.length === 0) return
    const later = this.takeBack()
    for (const job of open) this.#discount(job)
    for (const job of [...open, ...later]) this.#waiting.add(job)
    this.#start()
  }

  #count(job: Job): void {
    // An empty item counts as well: the length says that the job is in Redis.
    job.queuedLength = Math.max(1, job.data.item.length)
    this.#queuedLength += job.queuedLength
  }

  #discount(job: Job): void {
    job.isAdded = false
    this.#queuedLength -= job.queuedLength
    job.queuedLength = 0
  }

  #bullmqJob({ jobId, data }: Job): { name: string; data: unknown; opts: BulkJobOptions } {
    return { name: this.#run, data, opts: { jobId, ...REMOVED } }
  }
}

/** A job whose result is stored leaves nothing behind. Its result is not that of BullMQ, which a second worker could overwrite. */
const REMOVED = { removeOnComplete: true, removeOnFail: true }
