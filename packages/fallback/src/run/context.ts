/** The current attempt, as the operation sees it. */
export interface FallbackContext {
  /** Counted from 1. Skipped targets do not count. */
  readonly attempt: number
  /** Whether it is a hedge, started while another attempt is slow. */
  readonly hedged: boolean
  /**
   * Aborts when the caller aborts, with the caller's reason. It is the caller's own signal, unless a hedge is possible: then it
   * also aborts when another target has answered, and follows the caller only until this attempt has answered. A stream that
   * continues after that needs the caller's own signal too.
   */
  readonly signal: AbortSignal
  /** Skips this target because it cannot serve the request: the next one is called, and the target's health does not change. */
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
  /** The index of its target. */
  readonly place: number
  readonly startedAt: number
  #signal: AbortSignal | undefined
  #controller: AbortController | undefined

  /** @param signal the caller's; `undefined` if there is none, or if this attempt may have to be aborted separately */
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

  /** A signal that is first read after this is aborted already. */
  abort(reason: unknown): void {
    ;(this.#controller ??= new AbortController()).abort(reason)
  }
}
