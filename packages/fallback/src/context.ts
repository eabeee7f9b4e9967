/** What an operation is told about the attempt it makes. */
export interface FallbackContext {
  /** Counted from 1, over the targets that were called. */
  readonly attempt: number
  /** Whether it was started beside another attempt that takes long. */
  readonly hedged: boolean
  /**
   * Aborts when the caller aborts, with the caller's reason. It is the caller's own signal, unless there may be a hedge:
   * then it also aborts when another target has answered, and it follows the caller only until then. A stream that goes on
   * after that needs the caller's own as well.
   */
  readonly signal: AbortSignal
  /** Leaves this target out, as it cannot serve the request: the next one is called, and its health is not touched. */
  skip(reason: string): never
}

/** How an operation says that its target is unable. */
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
  /** Where in the list of attempts it stands. */
  readonly place: number
  readonly startedAt: number
  #signal: AbortSignal | undefined
  #controller: AbortController | undefined

  /** @param signal the caller's; `undefined` if there is none, or if this attempt may have to be aborted by itself */
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

  /** Made only when read. */
  get signal(): AbortSignal {
    return (this.#signal ??= (this.#controller ??= new AbortController()).signal)
  }

  skip(reason: string): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- no error: it is caught where the operation is called
    throw new Skip(reason)
  }

  /** Whoever reads the signal only after this finds it aborted. */
  abort(reason: unknown): void {
    ;(this.#controller ??= new AbortController()).abort(reason)
  }
}
