import { checkEntry, type EntryOptions, type ScopeOptions } from '../call-options.ts'
import type { Flight } from '../flight/flight.ts'
import type { FlightResult } from '../flight/flight-result.ts'
import type { RunningLoad } from '../flight/load-request.ts'
import type { Stored } from '../outcome.ts'

/** The argument of a load function: the signal and deadline of the load, and methods that control whether and how its answer is cached. */
export interface WorkContext {
  /** The key of the call that began the load, without scope and namespace; empty if the function that returns it threw. */
  readonly key: string
  /** Aborts when no caller waits for the answer any more. It is not the signal of one particular caller. */
  readonly signal: AbortSignal
  /** Whether the load refreshes a stale entry in the background, so that no caller waits for it. */
  readonly isRefresh: boolean
  /**
   * The latest deadline of all callers that wait now, in milliseconds since 1970; `Infinity` if a caller has no `timeoutMs`. This deadline
   * changes as callers join and leave.
   */
  readonly deadlineAt: number
  /**
   * Prevents the answer from being cached. Callers still get it. Call this before the load resolves or, for a recorded answer, before its
   * body ends.
   *
   * @param reason a short word, counted in `stats().refused`, such as `'fallback'`
   */
  refuse(reason?: string): void
  /**
   * Sets how long the answer is cached, and with which tags. Use this if they depend on the answer itself. These options replace those of the call;
   * invalid ones are reported to `onError`, and the answer is then not cached.
   */
  cacheFor(options: EntryOptions): void
  /**
   * States that another process makes this load, and that the answer comes from there. The calls that wait for it then have the status `shared`.
   *
   * @param hasFarTier whether that process also writes the answer to the far tier of this cache, which then does not write it a second time
   */
  joined(hasFarTier: boolean): void
}

/** The context that one load function receives, and the decision whether and how its answer is cached. */
export class KeepDecision<Fresh> implements WorkContext {
  readonly key: string
  readonly isRefresh: boolean
  readonly #flight: Flight<FlightResult<Fresh>>
  readonly #onError: (error: unknown) => void
  #refusal: string | undefined
  #options: ScopeOptions & EntryOptions

  constructor(
    key: string,
    running: RunningLoad<Fresh>,
    options: ScopeOptions & EntryOptions,
    onError: (error: unknown) => void,
  ) {
    this.key = key
    this.#flight = running.flight
    this.#options = options
    this.isRefresh = running.purpose === 'refresh'
    this.#onError = onError
    if (running.purpose === 'bypass') this.#refusal = 'bypass'
  }

  get signal(): AbortSignal {
    return this.#flight.signal
  }

  get deadlineAt(): number {
    return this.#flight.deadlineAt
  }

  readonly refuse = (reason = 'refused'): void => {
    this.#refusal ??= reason
  }

  readonly cacheFor = (options: EntryOptions): void => {
    try {
      checkEntry(options)
      this.#options = { ...this.#options, ...options }
    } catch (error) {
      // The options may come from the answer itself. Invalid options must not fail the call.
      this.#onError(error)
      this.refuse('bad-options')
    }
  }

  readonly joined = (hasFarTier: boolean): void => {
    this.#flight.origin = hasFarTier ? 'elsewhere' : 'elsewhere-apart'
  }

  get stored(): Stored {
    return this.#refusal ?? true
  }

  /** The options of the call; those passed to `cacheFor()` replace them. */
  get options(): ScopeOptions & EntryOptions {
    return this.#options
  }
}
