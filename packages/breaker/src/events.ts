import type { BreakerState } from './state.ts'
import { warn } from './warn.ts'

export interface BreakerEvent {
  /**
   * - `open`: the circuit opened, or was isolated
   * - `half-open`: the next call is a probe
   * - `close`: the circuit closed, with new counts
   * - `reject`: a call was refused
   */
  readonly type: 'open' | 'half-open' | 'close' | 'reject'
  /** The state after the event. */
  readonly state: BreakerState
  /** The state before the event; for `reject`, the same as `state`. */
  readonly previous: BreakerState
  /** How long the circuit stays open, in milliseconds; 0 unless it is open. */
  readonly retryAfterMs: number
  /** The last error before the circuit opened. */
  readonly cause?: unknown
}

export type BreakerListener = (event: BreakerEvent) => void

/**
 * The listeners of a breaker. Emits one event after the other: an event that a listener causes is emitted after all listeners
 * have received the current event.
 */
export class Listeners {
  #listeners: readonly (readonly [BreakerEvent['type'], BreakerListener])[] = NO_LISTENERS
  #events: BreakerEvent[] | undefined

  /** Adds a listener. Returns a function that removes it. */
  add(type: BreakerEvent['type'], listener: BreakerListener): () => void {
    const entry = [type, listener] as const
    this.#listeners = [...this.#listeners, entry]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry)
    }
  }

  /**
   * Whether to emit `reject` events. False while listeners run: if a listener made a call that is refused, each event would
   * cause another one, without end.
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

/** Calls a listener. If it throws or rejects, a warning is emitted: a listener never changes a result. */
function notify(listener: BreakerListener, event: BreakerEvent): void {
  const call = async (): Promise<void> => listener(event)
  call().catch(warn)
}
