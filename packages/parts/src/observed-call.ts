type Send<T> = (headers?: Readonly<Record<string, string>>) => Promise<T>

/** What an observer of a call is notified of. The public types of observers, of core and of the fallback models, have this shape. */
export interface Observation<Attempt, Wait, Receipt> {
  attempt?<T>(attempt: Attempt, send: Send<T>): Promise<T>
  chunks?(attempt: Attempt): ((at: number) => void) | undefined
  attemptEnded?(attempt: Attempt): void
  waited?(wait: Wait): void
  servedBy?(upstream: Receipt): void
  end?(receipt: Receipt): void
}

/** The observations of one call by all its observers. What an observer does wrong never changes the call. */
export class ObservedCall<Attempt, Wait, Receipt> implements Required<Observation<Attempt, Wait, Receipt>> {
  readonly #observations: readonly Observation<Attempt, Wait, Receipt>[]
  readonly #warn: (error: unknown) => void
  /** The number of attempts that have not ended. */
  #inFlight = 0
  /** The receipt of a call that is over while an attempt is still in flight. */
  #over: Receipt | undefined
  #ended = false

  private constructor(
    observations: readonly Observation<Attempt, Wait, Receipt>[],
    warn: (error: unknown) => void,
  ) {
    this.#observations = observations
    this.#warn = warn
  }

  /**
   * Starts the observations of a call.
   * @param warn called with each error of an observer
   * @returns undefined if no observer wants to observe it
   */
  static start<Attempt, Wait, Receipt, Call>(
    observers: readonly { start(call: Call): Observation<Attempt, Wait, Receipt> | undefined }[],
    call: Call,
    warn: (error: unknown) => void,
  ): ObservedCall<Attempt, Wait, Receipt> | undefined {
    const observations: Observation<Attempt, Wait, Receipt>[] = []
    for (const observer of observers) {
      shield(warn, () => {
        const observation: unknown = observer.start(call)
        if (typeof observation === 'object' && observation !== null && !(observation instanceof Promise))
          observations.push(observation)
        else return observation
      })
    }
    return observations.length === 0 ? undefined : new ObservedCall(observations, warn)
  }

  /** Sends a request through all observations, the first one outermost. The headers of an inner one replace those of an outer one. */
  attempt<T>(attempt: Attempt, send: Send<T>): Promise<T> {
    this.#inFlight++
    let sending = send
    for (const observation of this.#observations.toReversed()) {
      if (!observation.attempt) continue
      const inner = sending
      sending = (outer) =>
        this.#through(observation, attempt, (headers) =>
          inner(headers || outer ? { ...outer, ...headers } : undefined),
        )
    }
    return sending()
  }

  /** Returns a function to call for each event with content of a stream; undefined if no observation wants to know of them. */
  chunks(attempt: Attempt): ((at: number) => void) | undefined {
    const listeners: ((at: number) => unknown)[] = []
    for (const each of this.#observations) {
      shield(this.#warn, () => {
        const listener: unknown = each.chunks?.(attempt)
        if (typeof listener === 'function') listeners.push(listener as (at: number) => unknown)
        else return listener
      })
    }
    if (listeners.length === 0) return undefined
    return (at) => {
      for (const listener of listeners) shield(this.#warn, listener, at)
    }
  }

  attemptEnded(attempt: Attempt): void {
    for (const each of this.#observations) shield(this.#warn, () => each.attemptEnded?.(attempt))
    if (--this.#inFlight === 0 && this.#over) this.#end(this.#over)
  }

  waited(wait: Wait): void {
    for (const each of this.#observations) shield(this.#warn, () => each.waited?.(wait))
  }

  servedBy(upstream: Receipt): void {
    if (this.#ended) return
    for (const each of this.#observations) shield(this.#warn, () => each.servedBy?.(upstream))
  }

  /** Ends the observations. If an attempt is still in flight, such as one that is being aborted, they end with it. */
  end(receipt: Receipt): void {
    if (this.#inFlight === 0) this.#end(receipt)
    else this.#over = receipt
  }

  #end(receipt: Receipt): void {
    this.#ended = true
    for (const each of this.#observations) shield(this.#warn, () => each.end?.(receipt))
  }

  /**
   * Sends a request through one observation. The result is that of the sending, whatever the observation returns or throws. If it does not
   * send the request by itself, the request is sent when the observation has returned or thrown.
   */
  #through<T>(observation: Observation<Attempt, Wait, Receipt>, attempt: Attempt, send: Send<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    let sent: Promise<T> | undefined
    const once: Send<T> = (headers) => {
      if (!sent) resolve((sent = send(headers)))
      return sent
    }
    const failed = (error: unknown): void => {
      // An observation usually passes on the error of the sending, which is not its own.
      void once().then(
        () => this.#warn(error),
        (own: unknown) => {
          if (own !== error) this.#warn(error)
        },
      )
    }
    try {
      const outcome: unknown = observation.attempt?.(attempt, once)
      if (outcome instanceof Promise) outcome.then(() => once(), failed).catch(() => undefined)
      else void once().catch(() => undefined)
    } catch (error) {
      failed(error)
    }
    return promise
  }
}

/** Runs code of an observer. What it throws, or rejects with, is passed to `warn`. */
function shield(warn: (error: unknown) => void, code: (at: number) => unknown, at = 0): void {
  try {
    const outcome = code(at)
    if (outcome instanceof Promise) outcome.catch(warn)
  } catch (error) {
    warn(error)
  }
}
