/** Adjusts how many connections may be open, by how long requests wait for one. */
export interface AutoscaleOptions {
  /** The number of connections allowed at first, and again after quiet times. `connections` stays the maximum. @default 1 */
  min?: number | undefined
  /** How long a request must wait before more connections are allowed, in milliseconds. @default 100 */
  targetQueueMs?: number | undefined
  /** How long connections must be unused before they are closed and no longer allowed, in milliseconds. @default 30_000 */
  coolDownMs?: number | undefined
}

export type AutoscaleSettings = Readonly<Record<keyof AutoscaleOptions, number>>

/** The pool that the scale observes, and notifies of its decisions. */
export interface ScaledPool {
  /** Requests that wait for a connection. */
  readonly queued: number
  /** How long the first of them has waited, in milliseconds. */
  readonly longestWaitMs: number
  limitGrew(): void
  limitShrank(): void
}

/**
 * How many connections may be open to one origin now.
 *
 *     min ── the first request in the queue has waited targetQueueMs: up to twice as many, as far as needed ──▶ max
 *     min ◀── after coolDownMs: the most that were in use at the same time ── max
 *
 * One timer runs while requests wait, another while more than `min` are allowed; none when the pool is idle.
 */
export class Autoscale {
  readonly #settings: AutoscaleSettings
  readonly #max: number
  readonly #pool: ScaledPool
  #limit: number
  #busy = 0
  #maxBusy = 0
  #waiting: NodeJS.Timeout | undefined
  #cooling: NodeJS.Timeout | undefined

  constructor(settings: AutoscaleSettings, max: number, pool: ScaledPool) {
    this.#settings = settings
    this.#max = max
    this.#pool = pool
    this.#limit = settings.min
  }

  get limit(): number {
    return this.#limit
  }

  /** Changes the number of connections that carry a request. */
  use(change: number): void {
    this.#busy += change
    if (this.#busy > this.#maxBusy) this.#maxBusy = this.#busy
  }

  /** A request has to wait. */
  queueing(): void {
    this.#waiting ??= this.#lookAfter(this.#settings.targetQueueMs)
  }

  /** No request waits any more. */
  queueEmpty(): void {
    clearTimeout(this.#waiting)
    this.#waiting = undefined
  }

  /** Allows more connections, at most one for each waiting request. @returns false at the maximum */
  grow(): boolean {
    if (this.#limit >= this.#max) return false
    this.#limit = Math.min(this.#max, this.#limit + Math.min(this.#limit, Math.max(1, this.#pool.queued)))
    this.#coolDown()
    this.#pool.limitGrew()
    return true
  }

  /** Call it when there are no connections and no waiting requests. */
  stop(): void {
    this.queueEmpty()
    clearTimeout(this.#cooling)
    this.#limit = this.#settings.min
  }

  #lookAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), ms).unref()
  }

  #look(): void {
    const { targetQueueMs } = this.#settings
    const early = targetQueueMs - this.#pool.longestWaitMs
    if (early <= 0) this.grow()
    this.#waiting =
      this.#pool.queued > 0 ? this.#lookAfter(early > 0 ? Math.ceil(early) : targetQueueMs) : undefined
  }

  #coolDown(): void {
    clearTimeout(this.#cooling)
    this.#maxBusy = this.#busy
    this.#cooling = setTimeout(() => this.#shrink(), this.#settings.coolDownMs).unref()
  }

  #shrink(): void {
    const needed = Math.max(this.#settings.min, this.#maxBusy)
    if (needed < this.#limit) {
      this.#limit = needed
      this.#pool.limitShrank()
    }
    if (this.#limit > this.#settings.min) this.#coolDown()
  }
}
