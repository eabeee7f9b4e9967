/** The current attempt at a target, as it is passed to the operation. */
export interface FallbackContext {
  /** The number of the attempt in this run, counted from 1 over all targets. Targets that are skipped before they are called do not count. */
  readonly attempt: number
  /** Whether the attempt is a hedge, started while another attempt is slow. */
  readonly hedged: boolean
  /**
   * Aborts when the caller's signal aborts, with the same reason.
   *
   * Without the option `hedge`, this is the caller's own signal. With `hedge`, each attempt has a signal of its own, which also
   * aborts when another target answers. Once this attempt has answered, its signal no longer follows the caller's. To be able to
   * abort a stream after that, use the caller's signal too.
   */
  readonly signal: AbortSignal
  /**
   * Skips this target because it cannot serve the request: throws, so nothing after it is executed. The run continues with the next target, and the
   * health of this target is unchanged.
   *
   * @param reason why, in words, for `attempts`
   */
  skip(reason: string): never
}

/** A target whose failure leads to the next attempt. */
export interface Failed<Target> {
  readonly target: Target
  readonly error: unknown
}

/** The value that `context.skip()` throws. */
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
  /** The index of the target in the list of targets of the run. */
  readonly place: number
  readonly startedAt: number
  /** The target whose failure led to this attempt; undefined if none did. */
  readonly after: Failed<Target> | undefined
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
    after: Failed<Target> | undefined,
  ) {
    this.target = target
    this.attempt = attempt
    this.hedged = hedged
    this.place = place
    this.startedAt = startedAt
    this.#signal = signal
    this.after = after
  }

  /** The signal of the attempt, created when it is first read. */
  get signal(): AbortSignal {
    return (this.#signal ??= (this.#controller ??= new AbortController()).signal)
  }

  skip(reason: string): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- not an error: it is caught where the operation is called
    throw new Skip(reason)
  }

  /** Aborts the signal of the attempt, even if the signal has not been created yet. */
  abort(reason: unknown): void {
    ;(this.#controller ??= new AbortController()).abort(reason)
  }
}
