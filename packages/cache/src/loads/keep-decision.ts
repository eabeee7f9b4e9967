import { checkEntry, type EntryOptions, type ScopeOptions } from '../call-options.ts'
import type { Flight } from '../flight/flight.ts'
import type { Landing } from '../flight/flight-result.ts'
import type { Work } from '../flight/load-request.ts'
import type { Kept } from '../outcome.ts'

/** What a load is told, and by what it says how its answer is kept. */
export interface WorkContext {
  readonly key: string
  /** Aborts when nobody wants the answer any more. It is no caller's own signal. */
  readonly signal: AbortSignal
  /** Until when somebody waits, in milliseconds since 1970, as it stands when it is read; `Infinity` if one of them has no `timeoutMs`. */
  readonly deadlineAt: number
  /**
   * The answer is passed on and not kept. May be called until the load has resolved; for a recorded answer, until its body has
   * ended.
   *
   * @param reason a short word for it, which is counted: `'fallback'`
   */
  refuse(reason?: string): void
  /** The answer says itself how it is to be kept: what is given here goes before the options of the call. */
  keepFor(options: EntryOptions): void
}

/** The context of one load, and what it has decided. */
export class Decision<Fresh> implements WorkContext {
  readonly key: string
  readonly #flight: Flight<Landing<Fresh>>
  readonly #onError: (error: unknown) => void
  #refusal: string | undefined
  #options: ScopeOptions & EntryOptions

  constructor(
    key: string,
    work: Work<Fresh>,
    options: ScopeOptions & EntryOptions,
    onError: (error: unknown) => void,
  ) {
    this.key = key
    this.#flight = work.flight
    this.#options = options
    this.#onError = onError
    if (work.purpose === 'bypass') this.#refusal = 'bypass'
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

  readonly keepFor = (options: EntryOptions): void => {
    try {
      checkEntry(options)
      this.#options = { ...this.#options, ...options }
    } catch (error) {
      // What an answer says of itself may be nonsense. It is an answer all the same.
      this.#onError(error)
      this.refuse('bad-options')
    }
  }

  get kept(): Kept {
    return this.#refusal ?? true
  }

  /** Those of the call, and what the load has said of its answer. */
  get options(): ScopeOptions & EntryOptions {
    return this.#options
  }
}
