import { WaitingError, Worker, type Job } from 'bullmq'
import { ownedConnection, type OwnedConnection } from '../redis/connection.ts'
import { queueKeysOf, type QueueKeys } from '../redis/keys.ts'
import { atMost, pause, Redis } from '../redis/redis.ts'
import { warnOnce } from '../redis/warn-once.ts'
import { readJobData, type JobData } from '../wire/job-data.ts'
import type { Outcome } from '../wire/outcome.ts'
import type { StartCalls } from './calls.ts'
import { JobResults } from './job-results.ts'
import { RunStates } from './run-states.ts'
import { STALLED_CHECK_MS, StalledChecks } from './stalled-checks.ts'
import { Suspects } from './suspects.ts'

/** How long a job belongs to a worker that has not renewed its lock, in milliseconds. It is renewed after half of it. */
const LOCK_MS = 8_000
/** How long a worker waits for Redis when it closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 3_000

export interface FleetWorkerSettings {
  readonly queue: string
  readonly connection: Parameters<typeof ownedConnection>[0]
  readonly prefix: string
  readonly concurrency: number
  readonly start: StartCalls
}

/** What a worker needs while it is connected. */
interface Connected {
  readonly runs: RunStates
  readonly suspects: Suspects
  readonly results: JobResults
  readonly checks: StalledChecks
}

/** Takes items from a queue, runs them, and writes their results. BullMQ renews the locks, and finds the jobs of workers that died. */
export class FleetWorker {
  readonly #worker: Worker<unknown>
  readonly #connection: OwnedConnection
  readonly #keys: QueueKeys
  readonly #settings: FleetWorkerSettings
  readonly #onError = warnOnce('a worker of a bulk run')
  readonly #ending = new AbortController()
  /** Aborts when calls in flight have had their time. */
  readonly #grace = new AbortController()
  readonly #connecting: Promise<Connected>
  #closing: Promise<void> | undefined

  constructor(settings: FleetWorkerSettings) {
    const { queue, connection, prefix, concurrency } = settings
    this.#settings = settings
    this.#keys = queueKeysOf(prefix, queue)
    this.#connection = ownedConnection(connection)
    this.#worker = new Worker<unknown>(queue, (job, token) => this.#process(job, token), {
      connection: this.#connection.options,
      prefix: this.#keys.bullmqPrefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      skipStalledCheck: true,
      // BullMQ fails a job for good after this number of deaths. Here, Suspects decides that.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1_000,
    })
    this.#worker.on('error', this.#onError)
    this.#connecting = this.#connect()
    this.#connecting.catch(this.#onError)
  }

  /**
   * Takes no more items. Those that were not sent go back to the queue at once, those in flight may end within the time; then their signals abort, and
   * they go back too. A later call can only shorten the time.
   */
  close(graceMs: number): Promise<void> {
    void pause(graceMs, this.#grace.signal).then(() => this.#endGrace())
    this.#closing ??= this.#close()
    return this.#closing
  }

  #endGrace(): void {
    this.#grace.abort(new Error('the worker was closed'))
  }

  async #close(): Promise<void> {
    const connected = await atMost(CLOSE_TIMEOUT_MS, this.#connecting).catch(() => undefined)
    connected?.checks.close()
    connected?.runs.stop()
    const closed = this.#worker.close().catch(this.#onError)
    await Promise.race([closed, once(this.#grace.signal)])
    this.#endGrace()
    this.#ending.abort(new Error('the worker was closed'))
    connected?.runs.abort(new Error('the worker was closed'))
    await atMost(CLOSE_TIMEOUT_MS, closed)
    connected?.runs.close()
    await this.#worker.getBackend().close(true).catch(this.#onError)
    this.#connection.close()
  }

  async #process(job: Job<unknown>, token: string | undefined): Promise<void> {
    const { runs, results } = await this.#connecting
    const { name: run, id = '' } = job
    try {
      const outcome = await this.#outcomeOf(job, run)
      if (outcome) await results.write(run, id, outcome)
      else await this.#giveBack(job, token)
    } finally {
      runs.leave(run)
    }
  }

  /** @returns undefined if the job has to go back to the queue */
  async #outcomeOf(job: Job<unknown>, run: string): Promise<Outcome | undefined> {
    const { runs, suspects } = await this.#connecting
    const session = await runs.enter(run)
    let data: JobData
    try {
      data = readJobData(job.data)
    } catch (error) {
      return { ok: false, error, report: {} }
    }
    const ended = await suspects.run(run, job, session.stopping, () => session.call(data))
    if (ended === 'closed') void this.close(0)
    const isUnsent = ended === 'closed' || 'unsent' in ended
    return isUnsent && this.#closing ? undefined : ended === 'closed' ? { unsent: true } : ended
  }

  /** Gives a job back to the queue, where it is the next one to be taken. If that fails, its lock expires. */
  async #giveBack(job: Job<unknown>, token: string | undefined): Promise<never> {
    await job.moveToWait(token).catch(this.#onError)
    throw new WaitingError()
  }

  async #connect(): Promise<Connected> {
    const backend = this.#worker.getBackend()
    const redis = new Redis(await backend.client)
    return {
      runs: new RunStates(redis, this.#keys, this.#settings.start, this.#onError),
      suspects: new Suspects(redis, this.#keys, this.#settings.concurrency),
      results: new JobResults(redis, this.#keys, this.#ending.signal, this.#onError),
      checks: new StalledChecks(redis, backend, this.#onError),
    }
  }
}

/** Resolves when a signal aborts. */
function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
