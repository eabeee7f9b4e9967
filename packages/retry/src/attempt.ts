import type { Clock } from './clock.ts'
import { interruptible } from './interruptible.ts'
import { TimeoutError } from './timeout-error.ts'

/** What is attempted. */
export type Operation<T> = (attempt: Attempt) => T | PromiseLike<T>

/** What an operation is told about the attempt it makes. */
export interface Attempt {
  /** Counted from 1. */
  readonly number: number
  /**
   * Aborts with the caller's reason when the caller aborts, or with the timeout error when the time for the attempt is up.
   * Made only when read. With `attemptTimeoutMs` or `deadlineMs` it ends with the attempt; without, it is the caller's own.
   */
  readonly signal: AbortSignal
  /** Milliseconds since the run began. */
  readonly elapsedMs: number
  /** What the attempt before failed with; `undefined` in the first one and after a refused result. */
  readonly previousError?: unknown
}

/** What may end an attempt from outside. */
export interface Limits {
  signal: AbortSignal | undefined
  attemptTimeoutMs: number
  /** For the whole run. */
  deadlineMs: number
}

export class LiveAttempt implements Attempt {
  readonly number: number
  readonly previousError: unknown
  readonly #startedAt: number
  readonly #clock: Clock
  #signal: AbortSignal | undefined
  #controller: AbortController | undefined

  constructor(number: number, previousError: unknown, startedAt: number, clock: Clock) {
    this.number = number
    this.previousError = previousError
    this.#startedAt = startedAt
    this.#clock = clock
  }

  get signal(): AbortSignal {
    return (this.#signal ??= (this.#controller ??= new AbortController()).signal)
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt
  }

  /** Runs the operation, and ends at once when a limit is reached, whether the operation listens or not. */
  runWithin<T>(operation: Operation<T>, { signal, attemptTimeoutMs, deadlineMs }: Limits): Promise<T> {
    const leftMs = deadlineMs - this.elapsedMs
    const limitMs = Math.min(attemptTimeoutMs, leftMs)
    const unlimited = limitMs === Infinity
    if (unlimited) this.#signal = signal
    return interruptible(() => operation(this), {
      signal,
      limitMs: unlimited ? undefined : limitMs,
      onLimit: () =>
        leftMs < attemptTimeoutMs
          ? new TimeoutError('deadline', deadlineMs, this.number, this.previousError)
          : new TimeoutError('attempt', attemptTimeoutMs, this.number),
      onInterrupt: (reason) => {
        this.#controller ??= new AbortController()
        this.#controller.abort(reason)
      },
    })
  }
}
