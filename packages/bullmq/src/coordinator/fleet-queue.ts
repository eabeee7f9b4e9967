import type { Queue } from 'bullmq'
import type { OwnedConnection } from '../redis/connection.ts'
import { EARLIER, END, LOOK, REMOVE_HALF } from '../redis/coordinator-scripts.ts'
import { KEY_TTL_MS, runKeysOf, type QueueKeys, type RunKeys } from '../redis/keys.ts'
import type { Redis } from '../redis/redis.ts'
import type { Lease } from './lease.ts'

/** How long the state of an aborted run stays for its workers, in milliseconds. */
const ABORTED_TTL_MS = 60_000
/** The maximum number of jobs in one script. */
const MAX_LOOKED = 1_000

/** The state of a job: it has a result, a worker has it, it exists without a worker, or it is lost. */
export type JobState = 'r' | 'a' | 'j' | '-'

/** What a queue is made of. */
interface FleetQueueParts {
  readonly queue: Queue
  readonly redis: Redis
  readonly keys: QueueKeys
  readonly connection: OwnedConnection
  readonly lease: Lease
}

/** The queue of one run in Redis, as its coordinator uses it. */
export class FleetQueue {
  readonly queue: Queue
  readonly redis: Redis
  readonly lease: Lease
  readonly runKeys: RunKeys
  readonly #keys: QueueKeys
  readonly #connection: OwnedConnection

  constructor({ queue, redis, keys, connection, lease }: FleetQueueParts) {
    this.queue = queue
    this.redis = redis
    this.lease = lease
    this.#keys = keys
    this.#connection = connection
    this.runKeys = runKeysOf(keys, lease.run)
  }

  /** Opens the connection on which the coordinator waits for results. */
  openBlocking(onError: (error: unknown) => void): ReturnType<OwnedConnection['openBlocking']> {
    return this.#connection.openBlocking(onError)
  }

  /** Returns the state of each job. Those that have a result are taken again. */
  async look(jobIds: readonly string[]): Promise<Map<string, JobState>> {
    const states = new Map<string, JobState>()
    const { results, done, wake } = this.runKeys
    for (let from = 0; from < jobIds.length; from += MAX_LOOKED) {
      const slice = jobIds.slice(from, from + MAX_LOOKED)
      const [letters = ''] = await this.redis.run(
        LOOK,
        [results, done, wake, this.#keys.wait],
        [this.#keys.jobs, KEY_TTL_MS, ...slice],
      )
      for (const [at, jobId] of slice.entries()) states.set(jobId, letters.charAt(at) as JobState)
    }
    return states
  }

  /** Returns what an earlier coordinator of this run has left: jobs whose results it has not stored, and jobs that are queued or at a worker. */
  async earlier(): Promise<{ readonly results: ReadonlySet<string>; readonly jobs: ReadonlySet<string> }> {
    const { wait, others } = this.#keys
    const [count = '0', ...jobIds] = await this.redis.run(
      EARLIER,
      [this.runKeys.results, wait, others[0]],
      [],
    )
    const results = jobIds.slice(0, Number(count))
    return { results: new Set(results), jobs: new Set(jobIds.slice(results.length)) }
  }

  /** Removes about half of the jobs that no worker has taken, the last ones first. @returns them, the first ones first */
  async removeHalf(): Promise<readonly string[]> {
    const jobIds = await this.redis.run(REMOVE_HALF, [this.#keys.wait], [this.#keys.jobs])
    return jobIds.toReversed()
  }

  /** Removes results. Called when they are stored. */
  async forget(jobIds: readonly string[]): Promise<void> {
    await this.redis.client.hdel(this.runKeys.results, ...jobIds)
  }

  /**
   * Removes everything of the run from Redis, and gives the queue back.
   *
   * @param isAborted whether workers still run items, which they must abort
   */
  async end(isAborted: boolean): Promise<void> {
    const { state, results, done, wake, trials } = this.runKeys
    // The queue may belong to another run now.
    if (await this.lease.hold(isAborted ? 'abort' : 'run')) await this.queue.obliterate({ force: true })
    await this.redis.run(
      END,
      [this.#keys.lease, state, results, done, wake, trials],
      [this.lease.run, this.lease.owner, isAborted ? ABORTED_TTL_MS : 0],
    )
  }

  /** Closes the connections at once. */
  async disconnect(): Promise<void> {
    await this.queue.getBackend().close(true)
    this.#connection.close()
  }
}
