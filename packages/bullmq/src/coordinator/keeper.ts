import { isOutOfMemory } from '../redis/redis.ts'
import { QueueInUseError } from '../wire/errors.ts'
import type { FleetQueue } from './fleet-queue.ts'
import type { Job, Pending } from './job.ts'
import type { RunState } from './lease.ts'

/** How often the lease is renewed, in milliseconds. */
const HOLD_MS = 2_000
/** The number of renewals after which the keeper looks for jobs that Redis has lost. */
const HOLDS_PER_LOOK = 5

export interface KeeperHost {
  /** The items without a result, by job. */
  readonly pending: Map<string, Pending>
  readonly isStopping: () => boolean
  /** Adds a job that is no longer in Redis. */
  addAgain(job: Job): void
  /** Called when the memory of Redis is full. */
  makeRoom(): Promise<void>
  /** Called while the run is being stopped: ends the items that were not added to the queue. */
  dropWaiting(): void
  /** Called when another run has the queue. */
  onLost(error: unknown): void
  onError(error: unknown): void
}

/**
 * Keeps a run going, by a timer: renews the lease, adds again what Redis has lost, and when the run is stopped, takes back the jobs that no worker
 * has.
 */
export class Keeper {
  readonly #queue: FleetQueue
  readonly #host: KeeperHost
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #isBusy = false
  #isDue = false
  #holds = 0
  /** The number of jobs that no worker has taken, as last seen. */
  queued = 0

  constructor(queue: FleetQueue, host: KeeperHost) {
    this.#queue = queue
    this.#host = host
  }

  start(): void {
    this.#timer = setTimeout(() => this.check(), HOLD_MS)
  }

  /** Does now what the timer would do later. */
  check(): void {
    this.#isDue = true
    if (!this.#isBusy && !this.#isClosed) void this.#check()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #check(): Promise<void> {
    this.#isBusy = true
    clearTimeout(this.#timer)
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false
      try {
        await this.#keep()
      } catch (error) {
        this.#host.onError(error)
        if (isOutOfMemory(error)) await this.#makeRoom()
      }
    }
    this.#isBusy = false
    if (!this.#isClosed) this.start()
  }

  async #keep(): Promise<void> {
    const isStopping = this.#host.isStopping()
    const state: RunState = isStopping ? 'stop' : 'run'
    const held = await this.#queue.lease.hold(state)
    if (this.#isClosed) return
    if (!held) {
      this.#host.onLost(new QueueInUseError(this.#queue.queue.name))
      return
    }
    this.queued = held.queued
    if (isStopping) await this.#takeBack()
    // Without its lease, Redis has lost data, or this process was stopped for long.
    else if (!held.wasHeld || ++this.#holds % HOLDS_PER_LOOK === 0) await this.#look()
  }

  /** Removes jobs from Redis whose memory is full, since workers cannot take them then. */
  async #makeRoom(): Promise<void> {
    try {
      await (this.#host.isStopping() ? this.#takeBack() : this.#host.makeRoom())
    } catch (error) {
      this.#host.onError(error)
    }
  }

  async #look(): Promise<void> {
    const states = await this.#queue.look(this.#added())
    for (const [jobId, state] of states) {
      const pending = this.#host.pending.get(jobId)
      if (state === '-' && pending && !this.#isClosed) this.#host.addAgain(pending.job)
    }
  }

  /** Takes back what no worker runs. A job that a worker has gets its result, from that worker or, if it dies, not at all. */
  async #takeBack(): Promise<void> {
    this.#host.dropWaiting()
    await this.#queue.queue.drain()
    const states = await this.#queue.look(this.#added())
    for (const [jobId, state] of states) {
      if (state !== '-' && state !== 'j') continue
      if (state === 'j') await this.#queue.queue.remove(jobId)
      this.#host.pending.get(jobId)?.end({ unsent: true })
      this.#host.pending.delete(jobId)
    }
  }

  #added(): readonly string[] {
    const jobIds: string[] = []
    for (const [jobId, { job }] of this.#host.pending) if (job.isAdded) jobIds.push(jobId)
    return jobIds
  }
}
