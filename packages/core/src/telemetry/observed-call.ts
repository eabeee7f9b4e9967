import type { AttemptRecord, WaitRecord } from '../reporting/attempt-record.ts'
import type { CallObservation, CallObserver } from '../reporting/observer.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { Telemetry } from './telemetry.ts'

type Send<T> = (headers?: Readonly<Record<string, string>>) => Promise<T>

const THREW = 'A call observer threw'

/** The observations of one call by all its observers. What an observer does wrong never changes the call. */
export class ObservedCall implements Required<CallObservation> {
  readonly #observations: readonly CallObservation[]
  readonly #telemetry: Telemetry
  /** The number of attempts that have not ended. */
  #inFlight = 0
  /** The receipt of a call that is over while an attempt is still in flight. */
  #over: Receipt | undefined

  private constructor(observations: readonly CallObservation[], telemetry: Telemetry) {
    this.#observations = observations
    this.#telemetry = telemetry
  }

  /** Starts the observations of a call. @returns undefined if no observer wants to observe it */
  static start(
    observers: readonly CallObserver[],
    call: Parameters<CallObserver['start']>[0],
    telemetry: Telemetry,
  ): ObservedCall | undefined {
    const observations: CallObservation[] = []
    for (const observer of observers) {
      telemetry.shield(THREW, () => {
        const observation: unknown = observer.start(call)
        if (typeof observation === 'object' && observation !== null && !(observation instanceof Promise))
          observations.push(observation)
        else return observation
      })
    }
    return observations.length === 0 ? undefined : new ObservedCall(observations, telemetry)
  }

  /** Sends a request through all observations, the first one outermost. The headers of an inner one replace those of an outer one. */
  attempt<T>(attempt: AttemptRecord, send: Send<T>): Promise<T> {
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

  attemptEnded(attempt: AttemptRecord): void {
    for (const each of this.#observations) this.#telemetry.shield(THREW, () => each.attemptEnded?.(attempt))
    if (--this.#inFlight === 0 && this.#over) this.#end(this.#over)
  }

  waited(wait: WaitRecord): void {
    for (const each of this.#observations) this.#telemetry.shield(THREW, () => each.waited?.(wait))
  }

  /** Ends the observations. If an attempt is still in flight, such as one that is being aborted, they end with it. */
  end(receipt: Receipt): void {
    if (this.#inFlight === 0) this.#end(receipt)
    else this.#over = receipt
  }

  #end(receipt: Receipt): void {
    for (const each of this.#observations) this.#telemetry.shield(THREW, () => each.end?.(receipt))
  }

  /**
   * Sends a request through one observation. The result is that of the sending, whatever the observation returns or throws. If it does not
   * send the request by itself, the request is sent when the observation has returned or thrown.
   */
  #through<T>(observation: CallObservation, attempt: AttemptRecord, send: Send<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    let sent: Promise<T> | undefined
    const once: Send<T> = (headers) => {
      if (!sent) resolve((sent = send(headers)))
      return sent
    }
    const failed = (error: unknown): void => {
      // An observation usually passes on the error of the sending, which is not its own.
      void once().then(
        () => this.#telemetry.warn(THREW, error),
        (own: unknown) => {
          if (own !== error) this.#telemetry.warn(THREW, error)
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
