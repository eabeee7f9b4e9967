import { rejection } from '@harbor/parts'
import type { Clock } from '../clock.ts'
import { TimeoutError } from '../timeout-error.ts'
import { interruptible } from './interruptible.ts'
import { ownTimer, type Timer } from './timer.ts'

/**
 * The function that is retried. It is called once per attempt. Its return value, or the value of its promise, is the result. If it throws or rejects,
 * that is the error of the attempt.
 */
export type Operation<T> = (attempt: Attempt) => T | PromiseLike<T>

/** One attempt of a run, as it is passed to the operation, to `shouldRetry` and to `shouldRetryResult`. */
export interface Attempt {
  /** The number of the attempt, counted from 1. */
  readonly number: number
  /**
   * The signal of this attempt: pass it to `fetch` or to your SDK. Aborts with the reason of the caller's signal when that signal aborts, and with a
   * TimeoutError after `attemptTimeoutMs` or `deadlineMs`.
   *
   * Without `attemptTimeoutMs` and `deadlineMs`, this is the caller's own signal, or one that never aborts. Otherwise, each attempt has a signal of
   * its own. Once the attempt has ended, its signal no longer follows the caller's.
   */
  readonly signal: AbortSignal
  /** The time since the start of the run, earlier attempts and delays included, in milliseconds. Read from the clock at each access. */
  readonly elapsedMs: number
  /** The error of the previous attempt. `undefined` in the first attempt, and after an attempt that returned a result. */
  readonly previousError?: unknown
}

/** The signal and the time limits of a run. */
export interface Limits {
  signal: AbortSignal | undefined
  attemptTimeoutMs: number
  /** Returns how long the whole run may take, in milliseconds. */
  deadlineMs: () => number
  /** Whether that can change. A running attempt is not ended by it then. */
  moves: boolean
  /** A timer for `attemptTimeoutMs` that several runs share. If it is `undefined`, each attempt has a timer of its own. */
  timer: Timer | undefined
}

export class LiveAttempt implements Attempt {
  readonly number: number
  readonly previousError: unknown
  readonly #startedAt: number
  readonly #clock: Clock
  readonly #startsLater: boolean
  #source: { readonly signal: AbortSignal; abort?: AbortController['abort'] } | undefined

  /** @param startsLater whether the attempt starts later than the run. If so, its start is read from the clock */
  constructor(clock: Clock, startedAt: number, number: number, previousError: unknown, startsLater: boolean) {
    this.number = number
    this.previousError = previousError
    this.#startedAt = startedAt
    this.#clock = clock
    this.#startsLater = startsLater
  }

  get signal(): AbortSignal {
    return (this.#source ??= new AbortController()).signal
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt
  }

  /** Creates the next attempt of the run. */
  next(previousError: unknown): LiveAttempt {
    return new LiveAttempt(this.#clock, this.#startedAt, this.number + 1, previousError, true)
  }

  /**
   * Calls the operation. When a time limit is reached or the signal aborts, the promise rejects at once, even if the operation ignores its
   * signal.
   */
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
    { signal, attemptTimeoutMs, deadlineMs, moves, timer }: Limits,
  ): Promise<T> {
    const attemptStartedAt = this.#startsLater ? this.#clock.now() : this.#startedAt
    const leftMs = deadlineMs() - (attemptStartedAt - this.#startedAt)
    const limitMs = moves && leftMs > 0 ? attemptTimeoutMs : Math.min(attemptTimeoutMs, leftMs)
    // Without a time limit, the attempt needs no signal of its own, and the caller's signal still works after the attempt.
    if (signal && limitMs === Infinity) this.#source = { signal }
    const onLimit = (): TimeoutError =>
      limitMs < attemptTimeoutMs
        ? new TimeoutError('deadline', deadlineMs(), this.number, this.previousError)
        : new TimeoutError('attempt', attemptTimeoutMs, this.number)
    // The delay was planned to end before the deadline, but timers fire late in a busy process.
    if (limitMs <= 0) return rejection(onLimit())
    return interruptible(() => this.#call(operation), {
      signal,
      timer: (limitMs === attemptTimeoutMs && timer) || ownTimer(limitMs),
      startedAt: attemptStartedAt,
      onLimit,
      onInterrupt: (reason) => (this.#source ??= new AbortController()).abort?.(reason),
    })
  }
}
