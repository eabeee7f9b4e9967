/**
 * Options for autoscaling, which raises the maximum number of connections to an origin when requests wait too long, and lowers it when
 * connections are unused.
 */
export interface AutoscaleOptions {
  /**
   * The maximum number of connections at the start, at least 1 and at most the option `connections`. Autoscaling keeps the maximum between `min` and
   * `connections`. @default 1
   */
  min?: number | undefined
  /**
   * How long the first request in the queue must have waited before more connections are allowed, in milliseconds, at least 1. The maximum then rises
   * by the number of waiting requests, at most to twice its value. @default 100
   */
  targetQueueMs?: number | undefined
  /**
   * The interval at which the maximum is lowered, in milliseconds, at least 1. It is lowered to the peak number of connections in use within the
   * interval, but not below `min`. Idle connections above the new maximum are closed. Raising the maximum starts a new interval. @default 30_000
   */
  shrinkIntervalMs?: number | undefined
}

export type AutoscaleSettings = Readonly<Record<keyof AutoscaleOptions, number>>

/** The pool whose connections Autoscale limits: the state of its queue, and the methods that Autoscale calls after it changed the limit. */
export interface ScaledPool {
  /** The number of requests that wait for a connection. */
  readonly queued: number
  /** How long the first request in the queue has waited, in milliseconds. */
  readonly longestWaitMs: number
  limitGrew(): void
  limitShrank(): void
}

/**
 * Adapts the maximum number of connections to one origin. This limit grows when requests wait too long, and shrinks when connections are
 * unused.
 *
 *     min ── the first request in the queue has waited targetQueueMs: add one per waiting request, at most double ──▶ max
 *     min ◀── after shrinkIntervalMs: lower to the most connections in use at the same time since then ── max
 *
 * One timer runs while requests wait, and one while the limit is above `min`. No timer runs when the pool is idle.
 */
export class Autoscale {
  readonly #settings: AutoscaleSettings
  readonly #max: number
  readonly #pool: ScaledPool
  #limit: number
  #busy = 0
  #maxBusy = 0
  #waiting: NodeJS.Timeout | undefined
  #shrinking: NodeJS.Timeout | undefined

  constructor(settings: AutoscaleSettings, max: number, pool: ScaledPool) {
    this.#settings = settings
    this.#max = max
    this.#pool = pool
    this.#limit = settings.min
  }

  get limit(): number {
    return this.#limit
  }

  /** Adds `change`, which is negative for a decrease, to the number of connections that carry a request. */
  use(change: number): void {
    this.#busy += change
    if (this.#busy > this.#maxBusy) this.#maxBusy = this.#busy
  }

  /** Starts the timer that checks how long requests have waited. Call it when a request has to wait. */
  requestQueued(): void {
    this.#waiting ??= this.#checkQueueAfter(this.#settings.targetQueueMs)
  }

  /** Stops the timer that checks how long requests have waited. Call it when the queue has become empty. */
  queueEmpty(): void {
    clearTimeout(this.#waiting)
    this.#waiting = undefined
  }

  /** Raises the limit by the number of waiting requests, but at most to double. @returns false if the limit is already at its maximum */
  grow(): boolean {
    if (this.#limit >= this.#max) return false
    this.#limit = Math.min(this.#max, this.#limit + Math.min(this.#limit, Math.max(1, this.#pool.queued)))
    this.#startShrinking()
    this.#pool.limitGrew()
    return true
  }

  /** Stops all timers and resets the limit to `min`. Call it when there are no connections and no waiting requests. */
  stop(): void {
    this.queueEmpty()
    clearTimeout(this.#shrinking)
    this.#limit = this.#settings.min
  }

  #checkQueueAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#checkQueue(), ms).unref()
  }

  #checkQueue(): void {
    const { targetQueueMs } = this.#settings
    const early = targetQueueMs - this.#pool.longestWaitMs
    if (early <= 0) this.grow()
    this.#waiting =
      this.#pool.queued > 0 ? this.#checkQueueAfter(early > 0 ? Math.ceil(early) : targetQueueMs) : undefined
  }

  #startShrinking(): void {
    clearTimeout(this.#shrinking)
    this.#maxBusy = this.#busy
    this.#shrinking = setTimeout(() => this.#shrink(), this.#settings.shrinkIntervalMs).unref()
  }

  #shrink(): void {
    const needed = Math.max(this.#settings.min, this.#maxBusy)
    if (needed < this.#limit) {
      this.#limit = needed
      this.#pool.limitShrank()
    }
    if (this.#limit > this.#settings.min) this.#startShrinking()
  }
}
