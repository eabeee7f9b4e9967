import { after } from '../base/wait-for.ts'

export interface WaiterOptions {
  readonly signal?: AbortSignal | undefined
  /** How long this caller waits for the result, in milliseconds. */
  readonly timeoutMs?: number | undefined
  /** The time at which `timeoutMs` is over, in milliseconds since 1970; `Infinity` without a timeout. */
  readonly deadlineAt: number
}

/** The flight that a waiter waits for. */
export interface WaitedFor<T> {
  readonly result: Promise<T>
  leave(waiter: Waiter<T>, reason: unknown): void
}

/** One caller that waits for the result of a flight. It may leave before there is a result. */
export class Waiter<T> {
  readonly deadlineAt: number
  /** Settles as the flight does. Rejects if this caller leaves first. */
  readonly result: Promise<T>
  /** Called when this caller leaves. That may be after it got the result, because it may still be reading a stream. */
  onLeave: ((reason: unknown) => void) | undefined
  readonly #flight: WaitedFor<T>
  readonly #options: WaiterOptions
  readonly #reject: (reason: unknown) => void
  #stopTimer: (() => void) | undefined

  readonly #abort = (): void => this.leave(this.#options.signal?.reason)

  constructor(flight: WaitedFor<T>, options: WaiterOptions) {
    this.#flight = flight
    this.#options = options
    this.deadlineAt = options.deadlineAt
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.result = promise
    this.#reject = reject
    // The timer is cleared before the caller sees the outcome.
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

  /** Starts the timeout and listens to the caller's signal. */
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

  /** Makes this caller leave: `result` rejects with the reason. */
  leave(reason: unknown): void {
    this.release()
    this.#reject(reason)
    this.onLeave?.(reason)
    this.#flight.leave(this, reason)
  }

  /** Stops the timeout, and no longer listens to the caller's signal. */
  release(): void {
    this.#stopTimer?.()
    this.#options.signal?.removeEventListener('abort', this.#abort)
  }
}
