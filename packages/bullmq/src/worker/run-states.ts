import type { QueueKeys } from '../redis/keys.ts'
import { runKeysOf } from '../redis/keys.ts'
import type { Redis } from '../redis/redis.ts'
import type { StartCalls } from './calls.ts'
import { Session } from './session.ts'

/** How long the state of a run counts as known, and how often it is read while items of the run are in flight, in milliseconds. */
const STATE_MS = 1_000
/** A run whose state is missing for so long has ended, in milliseconds. After a loss of data, its coordinator writes it again. */
const MISSING_MS = 15_000

/** One run, as its items come to this worker. */
interface Run {
  session: Session
  inFlight: number
  readAt: number
  /** The latest reading of its state. */
  reading: Promise<void>
  /** Since when its state is missing; undefined if it is there. */
  missingSince: number | undefined
}

/** The runs whose items this worker has, and the states that their coordinators have written. Nothing is read while no items are here. */
export class RunStates {
  readonly #redis: Redis
  readonly #keys: QueueKeys
  readonly #start: StartCalls
  readonly #onError: (error: unknown) => void
  readonly #runs = new Map<string, Run>()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(redis: Redis, keys: QueueKeys, start: StartCalls, onError: (error: unknown) => void) {
    this.#redis = redis
    this.#keys = keys
    this.#start = start
    this.#onError = onError
  }

  /**
   * Called when an item arrives.
   *
   * @returns the session of its run; it is stopped if the run is. `leave()` must be called when the item has ended
   */
  async enter(token: string): Promise<Session> {
    let run = this.#runs.get(token)
    if (!run) {
      run = {
        session: new Session(this.#start),
        inFlight: 0,
        readAt: -Infinity,
        reading: Promise.resolve(),
        missingSince: undefined,
      }
      this.#runs.set(token, run)
    }
    run.inFlight++
    if (!this.#isClosed) this.#timer ??= setInterval(() => void this.#readAll(), STATE_MS)
    if (performance.now() - run.readAt > STATE_MS) run.reading = this.#read(token, run)
    await run.reading
    return run.session
  }

  leave(token: string): void {
    const run = this.#runs.get(token)
    if (!run || --run.inFlight > 0) return
    // The session stays for the next item, unless it is of another run.
    if (run.session.isStopped || this.#runs.size > 1) {
      run.session.stop()
      this.#runs.delete(token)
    }
    if (this.#isIdle()) this.#stopTimer()
  }

  /** Sends nothing more of any run. */
  stop(): void {
    for (const { session } of this.#runs.values()) session.stop()
  }

  abort(reason: Error): void {
    for (const { session } of this.#runs.values()) session.abort(reason)
  }

  /** Reads no more states. */
  close(): void {
    this.#isClosed = true
    this.#stopTimer()
  }

  #stopTimer(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #isIdle(): boolean {
    for (const { inFlight } of this.#runs.values()) if (inFlight > 0) return false
    return true
  }

  async #readAll(): Promise<void> {
    for (const [token, run] of this.#runs) if (run.inFlight > 0) await this.#read(token, run)
  }

  async #read(token: string, run: Run): Promise<void> {
    run.readAt = performance.now()
    let state: string | null
    try {
      state = await this.#redis.client.get(runKeysOf(this.#keys, token).state)
    } catch (error) {
      this.#onError(error)
      return
    }
    if (state === null) {
      run.missingSince ??= performance.now()
      if (performance.now() - run.missingSince > MISSING_MS) run.session.abort(new Error('the run has ended'))
      return
    }
    run.missingSince = undefined
    if (state === 'abort') run.session.abort(new Error('the run was aborted'))
    else if (state === 'stop') run.session.stop()
    // A run that was stopped, or whose spend limit was reached here, has been started again.
    else if (run.session.isStopped) run.session = new Session(this.#start)
  }
}
