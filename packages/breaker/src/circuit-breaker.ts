import { Circuit } from './circuit.ts'
import type { BreakerEvent, BreakerListener } from './events.ts'
import { settingsOf, type BreakerOptions } from './options.ts'
import { LivePermit, type Permit } from './permit.ts'
import type { BreakerSnapshot } from './snapshot.ts'
import type { BreakerState } from './state.ts'
import type { Counts } from './trip-rule.ts'
import { expect, ofType, type Check } from './validate.ts'

/**
 * Stops calling what keeps failing, and finds out by itself when to start again.
 *
 * Closed, it lets every call through and counts how they end. When a trip rule says so it opens, and refuses calls at once
 * instead of waiting for them to fail. After `openForMs` it is half-open: a probe or a few go through, and their success
 * closes it, while a failure opens it for longer. It keeps no timer, and one breaker takes less than a kilobyte.
 *
 * @example
 * const breaker = new CircuitBreaker({ trip: consecutive(5) })
 * const answer = await breaker.run(() => fetch(url))
 */
export class CircuitBreaker {
  readonly #circuit: Circuit

  /** @throws TypeError for an option that does not exist or makes no sense */
  constructor(options: BreakerOptions = {}) {
    this.#circuit = new Circuit(settingsOf(options), options.restore)
  }

  /**
   * Calls the operation if the circuit lets it through, and counts how it ends.
   *
   * @returns what the operation returned; a promise of it is handed back as it is
   * @throws BreakerOpenError (as a rejection) if the circuit refuses: the operation is not called
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
    // Watched, not wrapped: no second promise for the caller to wait for, and the state is right before the caller goes on.
    promise.then(
      (value) => circuit.judge(call, true, value),
      (error: unknown) => circuit.judge(call, false, error),
    )
    return promise
  }

  /**
   * Throws what `acquire()` would throw, and takes nothing: to refuse a call before it waits for something else.
   *
   * @throws BreakerOpenError
   */
  check(): void {
    const refusal = this.#circuit.refusal()
    if (refusal) throw refusal
  }

  /**
   * Leave for one call whose end comes later, such as a stream.
   *
   * @throws BreakerOpenError
   */
  acquire(): Permit {
    this.check()
    return new LivePermit(this.#circuit)
  }

  /** A health check succeeded: if the circuit is open, the next call is a probe. */
  halfOpen(): void {
    this.#circuit.halfOpen()
  }

  get state(): BreakerState {
    return this.#circuit.look().state
  }

  /** How long it stays open, in milliseconds; 0 unless it is open. */
  get retryAfterMs(): number {
    return this.#circuit.retryAfterMs
  }

  /**
   * Refuses all calls until every handle got so was disposed of; then it closes, with clean counts. A handle counts once.
   * An isolation that came from a snapshot has no handle: it ends with `reset()`, or with the last handle taken since.
   */
  isolate(): Disposable {
    return this.#circuit.isolate()
  }

  /** Closes it with clean counts, whatever it is in. Calls in flight are forgotten. */
  reset(): void {
    this.#circuit.reset()
  }

  /** All it knows, as data for JSON, for the option `restore`. Errors are left out. */
  snapshot(): BreakerSnapshot {
    return this.#circuit.snapshot()
  }

  /** While closed, what the first trip rule counts; while half-open, the probes that succeeded. */
  counts(): Counts {
    return this.#circuit.counts()
  }

  /**
   * Calls the listener on every such event, at once and one event after the other. What it throws becomes a warning.
   *
   * @returns what removes it
   */
  on(event: BreakerEvent['type'], listener: BreakerListener): () => void {
    expect('event', event, anEvent)
    expect('listener', listener, ofType('function'))
    return this.#circuit.listeners.add(event, listener)
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === 'function'
}

const anEvent: Check = (value) =>
  /^(open|half-open|close|reject)$/.test(String(value)) || 'open, half-open, close or reject'
