import type { FleetQueue } from './fleet-queue.ts'
import type { Pending } from './job.ts'
import { JobFeed } from './job-feed.ts'
import { Keeper } from './keeper.ts'
import { openQueue, type FleetQueueOptions } from './open-queue.ts'
import { ResultFeed } from './result-feed.ts'
import { StoredResults } from './stored-results.ts'

/** What exists while the run is open. */
export interface OpenRun {
  readonly run: string
  readonly queue: FleetQueue
  readonly jobs: JobFeed
  readonly results: ResultFeed
  readonly stored: StoredResults
  readonly keeper: Keeper
}

export interface OpenRunHost {
  /** The items without a result, by job. */
  readonly pending: Map<string, Pending>
  /** Aborts when the run has ended. */
  readonly ending: AbortSignal
  readonly isStopping: () => boolean
  readonly isPaused: () => boolean
  onResult(jobId: string, text: string): void
  /** Ends the items that were not added to the queue. */
  dropWaiting(): void
  /** Called when another run has the queue. */
  onLost(error: unknown): void
  /** Called with errors of Redis, after which the run continues. */
  onError(error: unknown): void
}

/**
 * Connects a run to its queue, and starts to take results.
 *
 * @param run the token of the run
 * @throws QueueUnavailableError, QueueInUseError
 */
export async function openRun(options: FleetQueueOptions, run: string, host: OpenRunHost): Promise<OpenRun> {
  const onError = (error: unknown): void => host.onError(error)
  const queue = await openQueue(options, run, onError)
  const earlier = await queue.earlier()
  const stored = new StoredResults(queue, earlier.results, onError)
  const jobs = new JobFeed(queue.queue, { run, earlier: earlier.jobs }, host.ending, {
    async onAdded(slice) {
      const states = await queue.look(slice.map(({ jobId }) => jobId))
      return slice.filter(({ jobId }) => states.get(jobId) === '-')
    },
    async removeHalf() {
      const jobIds = await queue.removeHalf()
      return jobIds.flatMap((jobId) => host.pending.get(jobId)?.job ?? [])
    },
    onError,
  })
  const keeper = new Keeper(queue, {
    pending: host.pending,
    isStopping: host.isStopping,
    addAgain: (job) => {
      jobs.remove(job)
      jobs.add(job)
    },
    makeRoom: () => jobs.makeRoom(),
    dropWaiting: () => host.dropWaiting(),
    onLost: (error) => host.onLost(error),
    onError,
  })
  const results = new ResultFeed(queue.redis, queue.openBlocking(onError), queue.runKeys, {
    onResult: (jobId, text) => host.onResult(jobId, text),
    onError,
  })
  if (host.isPaused()) await queue.queue.pause()
  keeper.start()
  // The caller has the run before the first result arrives.
  setImmediate(() => void results.run())
  return { run, queue, jobs, results, stored, keeper }
}
