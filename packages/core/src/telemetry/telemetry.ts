import type { AlertNotice } from '../reporting/alert.ts'
import type { FailureKind } from '@harbor/retry'
import type { AttemptRecord, Receipt } from '../reporting/receipt.ts'

/** What `harbor.on` tells, by event. No event holds a prompt, an answer or a key. */
export interface HarborEvents {
  /** A call began. */
  call: { readonly receipt: Receipt }
  /** A request that went upstream has ended; of a stream, when the stream ended. */
  attempt: { readonly receipt: Receipt; readonly attempt: AttemptRecord }
  /** An attempt failed and another one follows. */
  retry: {
    readonly receipt: Receipt
    readonly attempt: AttemptRecord
    readonly delayMs: number
    readonly reason: 'backoff' | 'retry-after'
  }
  /** A target takes over: another one failed, or was left out. It comes when the request is about to be sent. */
  fallback: {
    readonly receipt: Receipt
    /** The target that failed last; if none was called, the first of the chain. */
    readonly from: string
    readonly to: string
    /** What `from` failed with; `refused` if it was left out. */
    readonly reason: FailureKind
    /** Why `from` was left out, in words; undefined if it was called. */
    readonly skipped: string | undefined
  }
  /** A target's circuit opened, let a probe in, or closed. */
  breaker: {
    readonly target: string
    readonly state: 'open' | 'half-open' | 'closed' | 'isolated'
    readonly retryAfterMs: number
  }
  /** An alert fires, or is over. */
  alert: AlertNotice
  /** A call is over; of a stream, when the stream ended. */
  end: { readonly receipt: Receipt }
}

type Listener<Event extends keyof HarborEvents> = (event: HarborEvents[Event]) => void

/** Hands events to listeners. One that throws never changes a result: it is warned of, once. */
export class Telemetry {
  /** What they return is of no interest, unless it is a promise that rejects. */
  readonly #listeners: { [Event in keyof HarborEvents]: Set<(event: HarborEvents[Event]) => unknown> } = {
    call: new Set(),
    attempt: new Set(),
    retry: new Set(),
    fallback: new Set(),
    breaker: new Set(),
    alert: new Set(),
    end: new Set(),
  }
  #warned = false

  /** @returns a function that takes the listener off again */
  on<Event extends keyof HarborEvents>(event: Event, listener: Listener<Event>): () => void {
    if (!Object.hasOwn(this.#listeners, event)) {
      throw new TypeError(`on() knows the events ${Object.keys(this.#listeners).join(', ')}; got ${event}.`)
    }
    if (typeof listener !== 'function') throw new TypeError(`on('${event}') needs a function that listens.`)
    const listeners = this.#listeners[event]
    const own = (told: HarborEvents[Event]): unknown =>
      (listener as (told: HarborEvents[Event]) => unknown)(told)
    listeners.add(own)
    return () => listeners.delete(own)
  }

  emit<Event extends keyof HarborEvents>(event: Event, told: HarborEvents[Event]): void {
    for (const listener of this.#listeners[event]) {
      try {
        const outcome = listener(told)
        if (outcome instanceof Promise)
          outcome.catch((error: unknown) => this.warn(`A listener of '${event}' threw`, error))
      } catch (error) {
        this.warn(`A listener of '${event}' threw`, error)
      }
    }
  }

  /** Runs the user's own code. What it throws, at once or later, is warned of and goes no further. */
  shield(what: string, code: () => unknown): void {
    try {
      const outcome = code()
      if (outcome instanceof Promise) outcome.catch((error: unknown) => this.warn(what, error))
    } catch (error) {
      this.warn(what, error)
    }
  }

  /** One warning for whatever the user's code throws, and no second one. */
  warn(what: string, error: unknown): void {
    if (this.#warned) return
    this.#warned = true
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.emitWarning(`${what}; further errors like this are not shown.`, { type: 'HarborWarning', detail })
  }
}
