import type { BreakerState } from './state.ts'
import { warn } from './warn.ts'

export interface BreakerEvent {
  /**
   * - `open`: it opened, or was isolated
   * - `half-open`: the next call is a probe
   * - `close`: it closed, its counts are clean
   * - `reject`: a call was refused
   */
  readonly type: 'open' | 'half-open' | 'close' | 'reject'
  /** What it is in now. */
  readonly state: BreakerState
  /** What it was in before; for `reject`, the same. */
  readonly previous: BreakerState
  /** How long it stays open, in milliseconds; 0 unless it is open. */
  readonly retryAfterMs: number
  /** The last error before it opened. */
  readonly cause?: unknown
}

export type BreakerListener = (event: BreakerEvent) => void

/** Calls listeners one event after the other: what a listener does to the breaker is announced when all know of this event. */
export class Listeners {
  #listeners: readonly (readonly [BreakerEvent['type'], BreakerListener])[] = NOBODY
  #events: BreakerEvent[] | undefined

  /** Returns what removes it. */
  add(type: BreakerEvent['type'], listener: BreakerListener): () => void {
    const entry = [type, listener] as const
    this.#listeners = [...this.#listeners, entry]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry)
    }
  }

  /** Calls that a listener itself makes are refused in silence, or they would go round forever. */
  get hearRejections(): boolean {
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

const NOBODY: readonly [] = []

/** What a listener throws, at once or later, becomes a warning: it never changes a result. */
function notify(listener: BreakerListener, event: BreakerEvent): void {
  const call = async (): Promise<void> => listener(event)
  call().catch(warn)
}
