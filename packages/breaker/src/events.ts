import type { BreakerState } from './state.ts'
import { warn } from './warn.ts'

/** What listeners of a breaker receive: a change of its state, or a refused call. */
export interface BreakerEvent {
  /**
   * What has happened:
   *
   * - `open`: the circuit opened, or was isolated
   * - `half-open`: the circuit became half-open; the next call is a probe
   * - `close`: the circuit closed, with its counts reset
   * - `reject`: a call was refused
   */
  readonly type: 'open' | 'half-open' | 'close' | 'reject'
  /** The state of the circuit after the event; after a `reject`, the state that refused the call. */
  readonly state: BreakerState
  /** The state before the event; for `reject`, the same as `state`. */
  readonly previous: BreakerState
  /** The time until an open circuit becomes half-open, in milliseconds; 0 if the circuit is not open after the event. */
  readonly retryAfterMs: number
  /** The last error before the circuit opened; `undefined` if the circuit has closed or is isolated. */
  readonly cause?: unknown
  /** `true` if the option `store` has changed the state, because of what other processes have reported; otherwise `undefined`. */
  readonly byStore?: true | undefined
}

/** A function that is called with each event of the type it was added for. It may be asynchronous. If it throws or rejects, a warning is emitted. */
export type BreakerListener = (event: BreakerEvent) => void

/**
 * Holds the listeners of a breaker, and emits one event after the other. If a listener causes another event, that event is
 * emitted after all listeners have received the current one.
 */
export class Listeners {
  #listeners: readonly (readonly [BreakerEvent['type'], BreakerListener])[] = NO_LISTENERS
  #events: BreakerEvent[] | undefined

  /** Adds a listener. Returns a function that removes this listener. */
  add(type: BreakerEvent['type'], listener: BreakerListener): () => void {
    const entry = [type, listener] as const
    this.#listeners = [...this.#listeners, entry]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry)
    }
  }

  /**
   * Whether `reject` events are emitted: not while listeners run. Otherwise a listener whose own call is refused would cause
   * another `reject` event each time, without end.
   */
  get wantRejections(): boolean {
    return this.#listeners.length > 0 && !this.#events
  }

  emit(event: BreakerEvent): void {
    if (this.#events) return void this.#events.push(event)
    this.#events = [event]
    for (const next of this.#events) {
      for (const [type, listener] of this.#listeners) if (type === next.type) notify(listener, next)
    }
    this.#events = undefined
  }
}

const NO_LISTENERS: readonly [] = []

/**
 * Calls a listener. If the listener throws or rejects, only a warning is emitted, so that it never changes the result of a call.
 */
function notify(listener: BreakerListener, event: BreakerEvent): void {
  const call = async (): Promise<void> => listener(event)
  call().catch(warn)
}
