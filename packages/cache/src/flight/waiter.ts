import { after } from '../base/after.ts'
import type { Flight } from './flight.ts'

export interface SeatOptions {
  readonly signal?: AbortSignal | undefined
  /** How long this caller waits for the result. */
  readonly timeoutMs?: number | undefined
  /** When that will be over. */
  readonly deadlineAt: number
}

/** One caller's place in a flight. */
export class Seat<T> {
  readonly deadlineAt: number
  /** Settles as the flight does, or rejects when this caller leaves first. */
  readonly result: Promise<T>
  /** Told when this caller's signal aborts after the result has come: it may still be reading. */
  whenLeft: ((reason: unknown) => void) | undefined
  readonly #flight: Flight<T>
  readonly #options: SeatOptions
  readonly #reject: (reason: unknown) => void
  #stopTimer: (() => void) | undefined

  readonly #abort = (): void => this.leave(this.#options.signal?.reason)

  constructor(flight: Flight<T>, options: SeatOptions) {
    this.#flight = flight
    this.#options = options
    this.deadlineAt = options.deadlineAt
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.result = promise
    this.#reject = reject
    // The timer is gone when the caller learns how it ended.
    flight.result.then(
      (result) => {
        this.#stopTimer?.()
        resolve(result)
      },
      (error: unknown) => {
        this.#stopTimer?.()
        reject(error)
      },
    )
  }

  begin(): void {
    const { signal, timeoutMs } = this.#options
    if (signal?.aborted) {
      this.#abort()
      return
    }
    signal?.addEventListener('abort', this.#abort, { once: true })
    if (timeoutMs === undefined) return
    this.#stopTimer = after(timeoutMs, () => {
      this.leave(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'))
    })
  }

  leave(reason: unknown): void {
    this.release()
    this.#reject(reason)
    this.whenLeft?.(reason)
    this.#flight.leave(this, reason)
  }

  /** Nothing holds on to this caller any more. */
  release(): void {
    this.#stopTimer?.()
    this.#options.signal?.removeEventListener('abort', this.#abort)
  }
}
