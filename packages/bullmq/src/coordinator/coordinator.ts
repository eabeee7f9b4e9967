import type { BulkContext } from '@harbor/batch'
import { jobIdOf } from '../redis/keys.ts'
import { atMost } from '../redis/redis.ts'
import { jobDataOf } from '../wire/job-data.ts'
import { decodeOutcome, valueOf, type Outcome } from '../wire/outcome.ts'
import type { JournalEvents } from './fleet-journal.ts'
import type { Job, Pending } from './job.ts'
import type { FleetQueueOptions } from './open-queue.ts'
import { openRun, type OpenRun } from './open-run.ts'

/** How long the end of a run waits for Redis, in milliseconds. What stays there then expires. */
const END_TIMEOUT_MS = 5_000

export interface CoordinatorHost {
  /** Ends the run, after the results of items in flight. */
  stop(error: unknown): void
  /** Ends the run at once. */
  abort(error: unknown): void
  /** Called with errors of Redis, after which the run continues. */
  onError(error: unknown): void
}

/**
 * Runs items on workers: makes each a job, and waits for its result. All else is done by `runBulk`, which calls `call` for each item: order,
 * duplicates, limits, retries, and the journal, which is the truth. Redis only carries work. What it loses is added again.
 */
export class Coordinator implements JournalEvents {
  readonly #options: FleetQueueOptions
  readonly #host: CoordinatorHost
  readonly #pending = new Map<string, Pending>()
  readonly #ending = new AbortController()
  #opened: OpenRun | undefined
  #stopSignal: AbortSignal | undefined
  #isPaused = false

  constructor(options: FleetQueueOptions, host: CoordinatorHost) {
    this.#options = options
    this.#host = host
  }

  /** The number of items that no worker has taken, as last seen. */
  get queued(): number {
    return Math.min(this.#opened?.keeper.queued ?? 0, this.#pending.size)
  }

  async onBegin(run: string): Promise<void> {
    this.#opened = await openRun(this.#options, run, {
      pending: this.#pending,
      ending: this.#ending.signal,
      isStopping: () => this.#stopSignal?.aborted === true,
      isPaused: () => this.#isPaused,
      onResult: (jobId, text) => this.#onResult(jobId, text),
      dropWaiting: () => this.#dropWaiting(),
      onLost: (error) => this.#host.abort(error),
      onError: (error) => this.#host.onError(error),
    })
  }

  /** Runs one item. @throws the error of the item; the reason of the stop signal if the item was not sent */
  async call(item: unknown, context: BulkContext): Promise<unknown> {
    this.#watch(context.stopSignal)
    for (;;) {
      context.stopSignal.throwIfAborted()
      const { jobs, stored, run } = this.#open()
      const jobId = jobIdOf(run, context.id, context.attempt)
      const isReady = stored.claim(jobId)
      const job: Job = { jobId, data: jobDataOf(item, context), isAdded: isReady, queuedLength: 0 }
      const { promise, resolve } = Promise.withResolvers<Outcome>()
      this.#pending.set(jobId, { job, end: resolve })
      if (!isReady) jobs.add(job)
      const outcome = await promise
      if ('unsent' in outcome) {
        // No worker has sent it, so it is added again, unless the run was stopped.
        await stored.discard(jobId)
        continue
      }
      if ('report' in outcome) context.report(outcome.report)
      if ('ok' in outcome && outcome.ok) stored.expect(context.id, jobId)
      else stored.acknowledge(jobId)
      if ('endsRun' in outcome && outcome.endsRun) this.#host.stop(outcome.error)
      return valueOf(outcome)
    }
  }

  onStored(id: string): void {
    this.#opened?.stored.onStored(id)
  }

  async pause(): Promise<void> {
    this.#isPaused = true
    await this.#opened?.queue.queue.pause().catch((error: unknown) => this.#host.onError(error))
  }

  async resume(): Promise<void> {
    this.#isPaused = false
    await this.#opened?.queue.queue.resume().catch((error: unknown) => this.#host.onError(error))
  }

  async onEnd(): Promise<void> {
    this.#ending.abort(new Error('the run has ended'))
    const isAborted = this.#pending.size > 0
    for (const { end } of this.#pending.values()) end({ unsent: true })
    this.#pending.clear()
    if (!this.#opened) return
    const { queue, results, keeper, stored } = this.#opened
    keeper.close()
    stored.close()
    const ended = results.close().then(() => queue.end(isAborted))
    // Without Redis, the keys expire by themselves.
    await atMost(END_TIMEOUT_MS, ended).catch((error: unknown) => this.#host.onError(error))
    await queue.disconnect().catch((error: unknown) => this.#host.onError(error))
  }

  #open(): OpenRun {
    if (!this.#opened) throw new Error('begin() must be called before a run calls workers')
    return this.#opened
  }

  #onResult(jobId: string, text: string): void {
    const { stored, jobs } = this.#open()
    const pending = this.#pending.get(jobId)
    if (!pending) {
      stored.keep(jobId)
      return
    }
    this.#pending.delete(jobId)
    jobs.remove(pending.job)
    pending.end(decodeOutcome(text))
  }

  #watch(signal: AbortSignal): void {
    if (this.#stopSignal) return
    this.#stopSignal = signal
    const onStop = (): void => {
      this.#dropWaiting()
      this.#open().keeper.check()
    }
    if (signal.aborted) onStop()
    else signal.addEventListener('abort', onStop, { once: true })
  }

  #dropWaiting(): void {
    for (const { jobId } of this.#open().jobs.takeBack()) {
      this.#pending.get(jobId)?.end({ unsent: true })
      this.#pending.delete(jobId)
    }
  }
}
