import { Queue } from 'bullmq'
import { ownedConnection, type FleetConnection, type OwnedConnection } from '../redis/connection.ts'
import { KEY_TTL_MS, queueKeysOf, runKeysOf, type QueueKeys, type RunKeys } from '../redis/keys.ts'
import { pause, Redis } from '../redis/redis.ts'
import { END, HOLD, LOOK, PURGE, READY } from '../redis/scripts.ts'
import { QueueInUseError, QueueUnavailableError } from '../wire/errors.ts'

/** How long a coordinator owns the queue after it has last renewed its lease, in milliseconds. */
const LEASE_MS = 6_000
/** How often a coordinator without the lease looks whether it is free, in milliseconds. */
const LEASE_POLL_MS = 400
/** How long a run waits for Redis when it begins, in milliseconds. */
const OPEN_TIMEOUT_MS = 10_000
/** How long the state of an aborted run stays for its workers, in milliseconds. */
const ABORTED_TTL_MS = 60_000
/** About how many events of BullMQ stay in Redis. Nothing here reads them. */
const MAX_EVENTS = 100
/** The maximum number of jobs in one script. */
const MAX_LOOKED = 1_000

/** The state of a run, as workers see it. */
export type RunState = 'run' | 'stop' | 'abort'

/** The state of a job: it has a result, a worker has it, it exists without a worker, or it is lost. */
export type JobState = 'r' | 'a' | 'j' | '-'

export interface FleetQueueOptions {
  readonly queue: string
  readonly connection: FleetConnection
  readonly prefix: string
}

/** The queue of one run in Redis, as its coordinator uses it. */
export class FleetQueue {
  readonly queue: Queue
  readonly redis: Redis
  readonly runKeys: RunKeys
  readonly #run: string
  readonly #owner = crypto.randomUUID()
  readonly #keys: QueueKeys
  readonly #connection: OwnedConnection

  private constructor(queue: Queue, redis: Redis, keys: QueueKeys, connection: OwnedConnection, run: string) {
    this.queue = queue
    this.redis = redis
    this.#keys = keys
    this.#connection = connection
    this.#run = run
    this.runKeys = runKeysOf(keys, run)
  }

  /**
   * Connects to Redis, and takes the lease of the queue.
   *
   * @param run the token of the run
   * @param onError called with errors of Redis
   * @throws QueueUnavailableError if Redis does not answer
   * @throws QueueInUseError if the coordinator of another run is alive
   */
  static async open(
    { queue: name, connection: given, prefix }: FleetQueueOptions,
    run: string,
    onError: (error: unknown) => void,
  ): Promise<FleetQueue> {
    const keys = queueKeysOf(prefix, name)
    const connection = ownedConnection(given)
    const queue = new Queue(name, {
      connection: connection.options,
      prefix: keys.bullmqPrefix,
      streams: { events: { maxLen: MAX_EVENTS } },
    })
    let lastError: unknown
    queue.on('error', (error) => {
      lastError = error
      onError(error)
    })
    try {
      await within(OPEN_TIMEOUT_MS, queue.waitUntilReady(), () => lastError)
      const redis = new Redis(await queue.getBackend().client)
      const opened = new FleetQueue(queue, redis, keys, connection, run)
      await opened.#acquire(name)
      // Workers that find the queue of an earlier run paused would wait for ever.
      await queue.resume()
      await redis.run(PURGE, [keys.wait], [run, keys.jobs])
      return opened
    } catch (error) {
      // A connection that was never made would not end by itself.
      await queue.getBackend().close(true).catch(onError)
      connection.close()
      throw error
    }
  }

  /** Opens the connection on which the coordinator waits for results. */
  openBlocking(): ReturnType<OwnedConnection['openBlocking']> {
    return this.#connection.openBlocking()
  }

  /**
   * Renews the lease, and writes the state of the run.
   *
   * @returns `queued`: the number of jobs that no worker has taken; `wasHeld`: whether the lease was still there; undefined if another run has it
   */
  async hold(state: RunState): Promise<{ queued: number; wasHeld: boolean } | undefined> {
    const [answer, queued, wasHeld] = await this.#hold(state)
    return answer === 'ours' ? { queued: Number(queued), wasHeld: wasHeld === 'yes' } : undefined
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

  /** Returns the jobs whose results an earlier coordinator of this run has not stored. */
  async ready(): Promise<ReadonlySet<string>> {
    return new Set(await this.redis.run(READY, [this.runKeys.results], []))
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
    if (await this.hold(isAborted ? 'abort' : 'run')) await this.queue.obliterate({ force: true })
    await this.redis.run(
      END,
      [this.#keys.lease, state, results, done, wake, trials],
      [this.#run, this.#owner, isAborted ? ABORTED_TTL_MS : 0],
    )
  }

  /** Closes the connections at once. */
  async disconnect(): Promise<void> {
    await this.queue.getBackend().close(true)
    this.#connection.close()
  }

  async #acquire(name: string): Promise<void> {
    let leftMs = Infinity
    for (;;) {
      const [answer, , left] = await this.#hold('run')
      if (answer === 'ours') return
      // A lease that has more time left than before was renewed, so its holder is alive.
      if (Number(left) > leftMs) throw new QueueInUseError(name)
      leftMs = Number(left)
      await pause(LEASE_POLL_MS)
    }
  }

  #hold(state: RunState): Promise<readonly string[]> {
    const { lease, wait, others } = this.#keys
    return this.redis.run(
      HOLD,
      [lease, this.runKeys.state, wait, ...others],
      [this.#run, this.#owner, LEASE_MS, KEY_TTL_MS, state],
    )
  }
}

async function within<T>(ms: number, work: Promise<T>, lastError: () => unknown): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new QueueUnavailableError(ms, lastError())), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
