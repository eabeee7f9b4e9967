import { Circuit } from './circuit.ts'
import type { BreakerEvent, BreakerListener } from './events.ts'
import { settingsOf, type BreakerOptions } from './options.ts'
import { LivePermit, type Permit } from './permit.ts'
import type { BreakerSnapshot } from './snapshot.ts'
import type { BreakerState } from './state.ts'
import type { Counts } from './trip-rules/trip-rule.ts'
import { aFunction, aString, expectValue, type Check } from './validate.ts'

/**
 * Stops calls to something that keeps failing, and finds out by itself when to start again.
 *
 * While the circuit is closed, it lets every call through and counts how the calls end. When a trip rule is met, the circuit opens: it refuses calls
 * at once, instead of waiting for them to fail. After `openForMs` it is half-open: it lets one or a few calls through, as probes. If the probes
 * succeed, the circuit closes. If one fails, the circuit opens again, by default for twice as long. The breaker sets no timer, and uses less than a
 * kilobyte of memory.
 *
 * @example
 * const breaker = new CircuitBreaker({ trip: consecutive(5) })
 * const answer = await breaker.run(() => fetch(url))
 */
export class CircuitBreaker {
  readonly #circuit: Circuit

  /**
   * @param options all optional; see `BreakerOptions`
   * @throws TypeError for an unknown or invalid option
   */
  constructor(options: BreakerOptions = {}) {
    const settings = settingsOf(options)
    if (settings.store) expectValue('name', options.name, aString)
    this.#circuit = new Circuit(settings, options.restore)
  }

  /**
   * Calls the operation unless the circuit refuses the call. Counts how the call ends.
   *
   * @returns the result of the operation; if the operation returned a promise, that same promise
   * @throws BreakerOpenError (as a rejection) if the circuit refuses the call; then the operation is not called
   */
  run<T>(operation: () => T | PromiseLike<T>): Promise<T> {
    const circuit = this.#circuit
    const refusal = circuit.refusal()
    if (refusal) return Promise.reject(refusal)
    const call = circuit.admit()
    let result: T | PromiseLike<T>
    try {
      result = operation()
    } catch (error) {
      circuit.judge(call, false, error)
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- exactly what the operation threw
      return Promise.reject(error)
    }
    let promise: Promise<T>
    if (result instanceof Promise) {
      promise = result as Promise<T>
    } else {
      promise = Promise.resolve(result)
      if (!isThenable(result)) {
        circuit.judge(call, true, result)
        return promise
      }
    }
    // The promise is observed, not wrapped: the caller gets the same promise, and the call is counted before the caller continues.
    promise.then(
      (value) => circuit.judge(call, true, value),
      (error: unknown) => circuit.judge(call, false, error),
    )
    return promise
  }

  /**
   * Throws if the circuit refuses a call now. Takes no permit. Use it to fail early, before a call has to wait for something
   * else.
   *
   * @throws BreakerOpenError if the circuit refuses the call
   */
  check(): void {
    const refusal = this.#circuit.refusal()
    if (refusal) throw refusal
  }

  /**
   * Returns a permit for one call whose end you report later, such as a streamed answer.
   *
   * @throws BreakerOpenError if the circuit refuses the call
   */
  acquire(): Permit {
    this.check()
    return new LivePermit(this.#circuit)
  }

  /**
   * Makes an open circuit half-open before its time, so that the next call is a probe, such as after a successful health check. Has no effect in any
   * other state. A circuit that the `store` has opened becomes half-open when the store lets this process probe.
   */
  halfOpen(): void {
    this.#circuit.halfOpen()
  }

  /** The current state: `closed`, `open`, `half-open` or `isolated`. An open circuit whose time is over is `half-open`. */
  get state(): BreakerState {
    return this.#circuit.look().state
  }

  /** The time until an open circuit becomes half-open, in milliseconds; 0 if the circuit is not open. */
  get retryAfterMs(): number {
    return this.#circuit.retryAfterMs
  }

  /**
   * Isolates the circuit: it refuses all calls. When every handle that this method returned is disposed, the circuit closes, with
   * its counts reset. Disposing a handle a second time has no effect. `reset()` ends the isolation, too.
   *
   * Snapshots do not contain handles. A circuit that is isolated after `restore` therefore has none: call `reset()` to end its
   * isolation. Disposing the last handle of a later `isolate()` also ends it.
   *
   * @returns a handle; dispose it to end the isolation
   */
  isolate(): Disposable {
    return this.#circuit.isolate()
  }

  /** Closes the circuit from any state, in this process only, and resets its counts. The results of calls in flight are not counted. */
  reset(): void {
    this.#circuit.reset()
  }

  /** Returns the whole state as data for JSON. Pass it to the option `restore`. It contains no errors. */
  snapshot(): BreakerSnapshot {
    return this.#circuit.snapshot()
  }

  /** Returns the counts of finished calls: while closed, those of the first trip rule; while half-open, the probes that succeeded; otherwise 0. */
  counts(): Counts {
    return this.#circuit.counts()
  }

  /**
   * Adds a listener, which is called synchronously for every event of this type. If it throws, a warning is emitted and nothing else changes.
   *
   * @param event `open`, `half-open`, `close` or `reject`
   * @returns a function that removes the listener
   * @throws TypeError for another event, or a listener that is no function
   */
  on(event: BreakerEvent['type'], listener: BreakerListener): () => void {
    expectValue('event', event, anEvent)
    expectValue('listener', listener, aFunction)
    return this.#circuit.listeners.add(event, listener)
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === 'function'
}

const anEvent: Check = (value) =>
  /^(open|half-open|close|reject)$/.test(String(value)) || 'open, half-open, close or reject'
