/** The current attempt, as the operation sees it. */
export interface FallbackContext {
  /** The number of the attempt, counted from 1. Skipped targets do not count. */
  readonly attempt: number
  /** Whether the attempt is a hedge, started while another attempt is slow. */
  readonly hedged: boolean
  /**
   * Aborts when the caller's signal aborts, with the same reason. Without a hedge it is the caller's own signal. With a hedge it
   * is a signal of the attempt: it also aborts when another target has answered, and no longer aborts with the caller's signal
   * once this attempt has answered. To abort a stream after that, use the caller's own signal too.
   */
  readonly signal: AbortSignal
  /** Skips this target because it cannot serve the request. The next target is called, and the health of this one is unchanged. */
  skip(reason: string): never
}

/** Thrown by `context.skip()`. */
export class Skip {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

export class LiveAttempt<Target> implements FallbackContext {
  readonly target: Target
  readonly attempt: number
  readonly hedged: boolean
  /** The index of the target among the targets of the run. */
  readonly place: number
  readonly startedAt: number
  #signal: AbortSignal | undefined
  #controller: AbortController | undefined

  /** @param signal the caller's signal; `undefined` if there is none, or if this attempt needs a signal of its own */
  constructor(
    target: Target,
    attempt: number,
    hedged: boolean,
    place: number,
    startedAt: number,
    signal: AbortSignal | undefined,
  ) {
    this.target = target
    this.attempt = attempt
    this.hedged = hedged
    this.place = place
    this.startedAt = startedAt
    this.#signal = signal
  }

  /** Created when it is first read. */
  get signal(): AbortSignal {
    return (this.#signal ??= (this.#controller ??= new AbortController()).signal)
  }

  skip(reason: string): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- not an error: it is caught where the operation is called
    throw new Skip(reason)
  }

  /** Aborts the signal of the attempt. If the signal is read for the first time after this, it is aborted already. */
  abort(reason: unknown): void {
    ;(this.#controller ??= new AbortController()).abort(reason)
  }
}
