/** Moves how many connections may be open, by how long requests wait for one. */
export interface AutoscaleOptions {
  /** How many connections may be open at first, and again after quiet times; `connections` stays the most. @default 1 */
  min?: number | undefined
  /** A request that has waited so long, in milliseconds, lets more connections be opened. @default 100 */
  targetQueueMs?: number | undefined
  /** Connections that were not needed for so long, in milliseconds, are closed and no longer allowed. @default 30_000 */
  coolDownMs?: number | undefined
}

export type AutoscaleSettings = Readonly<Record<keyof AutoscaleOptions, number>>

/** What the scale watches, and tells of its decisions. */
export interface ScaledPool {
  /** Requests that wait for a connection. */
  readonly queued: number
  /** How long the first of them has waited. */
  readonly firstWaitsMs: number
  limitGrew(): void
  limitShrank(): void
}

/**
 * How many connections may be open to one origin now.
 *
 *     min ── the first in the queue has waited targetQueueMs: twice as many, as far as they are needed ──▶ max
 *     min ◀── for coolDownMs no more than so many were in use: only so many ── max
 *
 * A timer runs while requests wait, another while more than `min` are allowed; none at rest.
 */
export class Autoscale {
  readonly #settings: AutoscaleSettings
  readonly #max: number
  readonly #pool: ScaledPool
  #limit: number
  #busy = 0
  #mostBusy = 0
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

  /** So many more, or fewer, connections carry a request. */
  use(change: number): void {
    this.#busy += change
    if (this.#busy > this.#mostBusy) this.#mostBusy = this.#busy
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

  /** Allows more connections, as far as those who wait need them. False when there can be no more. */
  grow(): boolean {
    if (this.#limit >= this.#max) return false
    this.#limit = Math.min(this.#max, this.#limit + Math.min(this.#limit, Math.max(1, this.#pool.queued)))
    this.#coolDown()
    this.#pool.limitGrew()
    return true
  }

  /** There is no connection any more, and nobody waits for one. */
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
    const early = targetQueueMs - this.#pool.firstWaitsMs
    if (early <= 0) this.grow()
    this.#waiting =
      this.#pool.queued > 0 ? this.#lookAfter(early > 0 ? Math.ceil(early) : targetQueueMs) : undefined
  }

  #coolDown(): void {
    clearTimeout(this.#cooling)
    this.#mostBusy = this.#busy
    this.#cooling = setTimeout(() => this.#shrink(), this.#settings.coolDownMs).unref()
  }

  #shrink(): void {
    const needed = Math.max(this.#settings.min, this.#mostBusy)
    if (needed < this.#limit) {
      this.#limit = needed
      this.#pool.limitShrank()
    }
    if (this.#limit > this.#settings.min) this.#coolDown()
  }
}
