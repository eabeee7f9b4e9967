import { rejection } from '@harbor/parts'
import type { Clock } from '../clock.ts'
import { TimeoutError } from '../timeout-error.ts'
import { interruptible } from './interruptible.ts'
import { ownTimer, type Timer } from './timer.ts'

/** The function that is retried. */
export type Operation<T> = (attempt: Attempt) => T | PromiseLike<T>

/** The current attempt, as the operation sees it. */
export interface Attempt {
  /** Counted from 1. */
  readonly number: number
  /**
   * Aborts with the caller's reason when the caller aborts, or with the timeout error when the attempt takes too long.
   * Created when it is first read. With `attemptTimeoutMs` or `deadlineMs` it follows the caller until the attempt ends;
   * without them it is the caller's own signal.
   */
  readonly signal: AbortSignal
  /** Milliseconds since the run started. */
  readonly elapsedMs: number
  /** The error of the previous attempt; `undefined` in the first one and after a rejected result. */
  readonly previousError?: unknown
}

/** What can end an attempt from outside. */
export interface Limits {
  signal: AbortSignal | undefined
  attemptTimeoutMs: number
  /** For the whole run. */
  deadlineMs: number
  /** Shared by all attempts that are limited by `attemptTimeoutMs`. */
  timer: Timer | undefined
}

export class LiveAttempt implements Attempt {
  readonly number: number
  readonly previousError: unknown
  readonly #startedAt: number
  readonly #clock: Clock
  readonly #isLate: boolean
  #source: { readonly signal: AbortSignal; abort?: AbortController['abort'] } | undefined

  /** @param isLate whether the run started earlier than this attempt */
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

  /** Calls the operation. When a limit is reached the promise rejects at once, even if the operation ignores its signal. */
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
    const attemptStartedAt = this.#isLate ? this.#clock.now() : this.#startedAt
    const leftMs = deadlineMs - (attemptStartedAt - this.#startedAt)
    const limitMs = Math.min(attemptTimeoutMs, leftMs)
    // Without a timeout no signal of its own is needed, and the caller's one still works after the attempt.
    if (signal && limitMs === Infinity) this.#source = { signal }
    const onLimit = (): TimeoutError =>
      leftMs < attemptTimeoutMs
        ? new TimeoutError('deadline', deadlineMs, this.number, this.previousError)
        : new TimeoutError('attempt', attemptTimeoutMs, this.number)
    // The delay was planned to end in time, but timers fire late in a busy process.
    if (limitMs <= 0) return rejection(onLimit())
    return interruptible(() => this.#call(operation), {
      signal,
      timer: (leftMs >= attemptTimeoutMs && timer) || ownTimer(limitMs),
      startedAt: attemptStartedAt,
      onLimit,
      onInterrupt: (reason) => (this.#source ??= new AbortController()).abort?.(reason),
    })
  }
}
