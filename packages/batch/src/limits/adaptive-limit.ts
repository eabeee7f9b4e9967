import { PriorityQueue } from '../priority-queue.ts'
import { describeValue } from '@harbor/parts'
import { aSignal } from '../validate.ts'
import type { ConcurrencyLease, ConcurrencyLimit, ConcurrencyLimitStats } from './contracts.ts'

/** The factor that multiplies the limit after an overload. */
const CUT = 0.7

interface Waiter {
  priority: number
  resolve: (lease: ConcurrencyLease) => void
  leave: () => void
  previous: Waiter | undefined
  next: Waiter | undefined
}

/**
 * The limit behind `createConcurrencyLimit()`: counts the slots in use, queues waiting callers, and adapts itself to outcomes.
 *
 *     slow start: +1 for each success ──overloaded──► × 0.7 ◄──overloaded── +1 for each round of successes
 *                        ▲                              │                                  ▲
 *                        └──── below `#worked` ─────────┴──────── else ────────────────────┘
 *
 * Overloads with no success between them are an outage: they do not change `#worked`.
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
  /**
   * The number of the latest slot granted when the limit was last lowered. Outcomes of this slot and of earlier ones say nothing about the current
   * limit.
   */
  #cutAt = 0
  /**
   * The value up to which the limit is assumed to work: CUT times the value of the limit when the latest overloads began. A success raises the limit
   * by 1 while it is below `#worked`, and by 1 divided by the limit above it.
   */
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
    // While at most half of the slots are in use, a success does not show that more slots would work.
    const isHalfUsed = this.#inFlight * 2 > this.limit
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
            if (isHalfUsed) this.#raise()
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
    // The overload occurred at the number of requests in flight, which may be less than the limit.
    this.#limit = Math.max(this.#min, Math.min(this.#limit, this.#inFlight) * CUT)
  }

  #advance(): void {
    for (let first = this.#waiting.first; first && this.#inFlight < this.limit; first = this.#waiting.first) {
      first.leave()
      first.resolve(this.#grant())
    }
  }
}
