import type { Clock } from './clock.ts'
import { interruptible } from './interruptible.ts'
import { rejection } from './rejection.ts'
import { TimeoutError } from './timeout-error.ts'
import { ownTimer, type Timer } from './timer.ts'

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
  /** For all attempts that have `attemptTimeoutMs`. */
  timer: Timer | undefined
}

export class LiveAttempt implements Attempt {
  readonly number: number
  readonly previousError: unknown
  readonly #startedAt: number
  readonly #clock: Clock
  readonly #isLate: boolean
  #source: { readonly signal: AbortSignal; abort?: AbortController['abort'] } | undefined

  /** @param isLate whether the run began earlier than this attempt */
  constructor(clock: Clock, startedAt: number, number: number, previousError: unknown, isLate: boolean) {
    this.number = number
    this.previousError = previousError
    this.#startedAt = startedAt
    this.#clock = clock
    this.#isLate = isLate
  }

  get signal(): AbortSignal {
    return (this.#source ??= new AbortController()).signal
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt
  }

  /** The attempt after this one. */
  next(previousError: unknown): LiveAttempt {
    return new LiveAttempt(this.#clock, this.#startedAt, this.number + 1, previousError, true)
  }

  /** Calls the operation. Within limits it ends at once when one is reached, whether the operation listens or not. */
  make<T>(operation: Operation<T>, limits: Limits | undefined): Promise<T> {
    return limits ? this.#makeWithin(operation, limits) : this.#call(operation)
  }

  #call<T>(operation: Operation<T>): Promise<T> {
    try {
      const made = operation(this)
      return made instanceof Promise ? made : Promise.resolve(made)
    } catch (error) {
      return rejection(error)
    }
  }

  #makeWithin<T>(
    operation: Operation<T>,
    { signal, attemptTimeoutMs, deadlineMs, timer }: Limits,
  ): Promise<T> {
    const begunAt = this.#isLate ? this.#clock.now() : this.#startedAt
    const leftMs = deadlineMs - (begunAt - this.#startedAt)
    const limitMs = Math.min(attemptTimeoutMs, leftMs)
    // Without a clock of its own the caller's signal says all there is to say, also after the attempt.
    if (signal && limitMs === Infinity) this.#source = { signal }
    const onLimit = (): TimeoutError =>
      leftMs < attemptTimeoutMs
        ? new TimeoutError('deadline', deadlineMs, this.number, this.previousError)
        : new TimeoutError('attempt', attemptTimeoutMs, this.number)
    // The wait before it was planned to end in time, but a busy process wakes up late.
    if (limitMs <= 0) return rejection(onLimit())
    return interruptible(() => this.#call(operation), {
      signal,
      timer: (leftMs >= attemptTimeoutMs && timer) || ownTimer(limitMs),
      begunAt,
      onLimit,
      onInterrupt: (reason) => (this.#source ??= new AbortController()).abort?.(reason),
    })
  }
}
