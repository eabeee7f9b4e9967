import { PriorityQueue } from '../priority-queue.ts'
import { describeValue } from '@harbor/parts'
import { aSignal } from '../validate.ts'
import type { ConcurrencyLease, ConcurrencyLimit, ConcurrencyLimitStats } from './contracts.ts'

const CUT = 0.7

interface Waiter {
  priority: number
  resolve: (lease: ConcurrencyLease) => void
  leave: () => void
  previous: Waiter | undefined
  next: Waiter | undefined
}

/**
 * The adaptive limit, its slots in use and its waiting callers.
 *
 *     slow start: +1 for each success ──overloaded──► × 0.7 ◄──overloaded── +1 for each round of successes
 *                        ▲                              │                                  ▲
 *                        └──── below what worked ───────┴──────── else ────────────────────┘
 *
 * Overloads without a success between them are an outage: they say nothing about what worked before.
 */
export class AdaptiveLimit implements ConcurrencyLimit {
  readonly #min: number
  readonly #max: number
  readonly #waiting = new PriorityQueue<Waiter>()
  #limit: number
  #inFlight = 0
  #granted = 0
  #overloaded = 0
  #cuts = 0
  /** Slots up to this number were granted before the latest cut: their outcomes say nothing about the current limit. */
  #cutAt = 0
  /** Up to here the limit rises by one for each success: it worked before the latest overloads. */
  #worked = Infinity
  #succeededSinceCut = true

  constructor(initial: number, min: number, max: number) {
    this.#limit = initial
    this.#min = min
    this.#max = max
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  acquire(signal?: AbortSignal): Promise<ConcurrencyLease> {
    return new Promise((resolve, reject) => {
      if (signal !== undefined && !aSignal[0](signal))
        throw new TypeError(`signal must be an AbortSignal, got ${describeValue(signal)}`)
      signal?.throwIfAborted() // Throwing inside the executor rejects the promise.
      const lease = this.tryAcquire()
      if (lease) resolve(lease)
      else this.#wait(signal, resolve, reject)
    })
  }

  tryAcquire(): ConcurrencyLease | undefined {
    return this.#waiting.size === 0 && this.#inFlight < this.limit ? this.#grant() : undefined
  }

  stats(): ConcurrencyLimitStats {
    return {
      limit: this.limit,
      inFlight: this.#inFlight,
      waiting: this.#waiting.size,
      granted: this.#granted,
      overloaded: this.#overloaded,
      cuts: this.#cuts,
    }
  }

  #wait(
    signal: AbortSignal | undefined,
    resolve: (lease: ConcurrencyLease) => void,
    reject: (reason: unknown) => void,
  ): void {
    const onAbort = (): void => {
      leave()
      reject(signal?.reason)
    }
    const leave = (): void => {
      this.#waiting.remove(waiter)
      signal?.removeEventListener('abort', onAbort)
    }
    const waiter: Waiter = { priority: 0, resolve, leave, previous: undefined, next: undefined }
    this.#waiting.push(waiter)
    signal?.addEventListener('abort', onAbort)
  }

  #grant(): ConcurrencyLease {
    const number = ++this.#granted
    this.#inFlight++
    // While less than half of the slots are in use, a success says nothing about more of them.
    const presses = this.#inFlight * 2 > this.limit
    let open = true
    const close = (learn?: () => void): void => {
      if (!open) return
      open = false
      learn?.()
      this.#inFlight--
      this.#advance()
    }
    return {
      settle: ({ overloaded }) =>
        close(() => {
          if (overloaded) this.#overloaded++
          if (number <= this.#cutAt) return
          if (overloaded) this.#lower()
          else {
            this.#succeededSinceCut = true
            if (presses) this.#raise()
          }
        }),
      cancel: () => close(),
    }
  }

  #raise(): void {
    const step = this.#limit < this.#worked ? Math.min(1, this.#worked - this.#limit) : 1 / this.#limit
    this.#limit = Math.min(this.#max, this.#limit + step)
  }

  #lower(): void {
    this.#cuts++
    this.#cutAt = this.#granted
    if (this.#succeededSinceCut) this.#worked = this.#limit * CUT
    this.#succeededSinceCut = false
    // The overload came at the number in flight, which may be less than the limit.
    this.#limit = Math.max(this.#min, Math.min(this.#limit, this.#inFlight) * CUT)
  }

  #advance(): void {
    for (let first = this.#waiting.first; first && this.#inFlight < this.limit; first = this.#waiting.first) {
      first.leave()
      first.resolve(this.#grant())
    }
  }
}
