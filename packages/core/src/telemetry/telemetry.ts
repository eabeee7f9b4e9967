import type { BulkProgress } from '@harbor/batch'
import type { FailureKind } from '@harbor/retry'
import type { AlertNotice } from '../reporting/alert.ts'
import type { CapturedCall } from '../reporting/captured-call.ts'
import type { ObservedClient } from '../reporting/observer.ts'
import type { Labels } from '../reporting/labels.ts'
import type { SpendLimit } from '../options/spend-limit-options.ts'
import type { AttemptRecord } from '../reporting/attempt-record.ts'
import type { Receipt } from '../reporting/receipt.ts'

/** The events of `harbor.on()` and what their listeners receive. Only the event `content` contains prompts and answers. No event contains a key. */
export interface HarborEvents {
  /** A call has started. It is emitted before any request is sent, also for calls that the cache will answer. */
  call: {
    /** The receipt of the call. It is live: it is filled in while the call runs. */
    readonly receipt: Receipt
  }
  /** A request to a provider has ended, successful or not; for a stream, when the stream has ended. */
  attempt: {
    /** The receipt of the call, which may still run. */
    readonly receipt: Receipt
    /** The record of the request, the same object as in `receipt.attempts`. */
    readonly attempt: AttemptRecord
  }
  /** An attempt has failed and will be retried at the same target after `delayMs` milliseconds. */
  retry: {
    /** The receipt of the call, which still runs. */
    readonly receipt: Receipt
    /** The record of the attempt that failed. */
    readonly attempt: AttemptRecord
    /** The delay before the next attempt, in milliseconds, jitter included. */
    readonly delayMs: number
    /** Where the delay comes from: the `backoff`, or the `retry-after` of the provider. */
    readonly reason: 'backoff' | 'retry-after'
  }
  /** Another target takes over, because the previous one failed or was skipped. Emitted just before the request is sent. */
  fallback: {
    /** The receipt of the call, which still runs. */
    readonly receipt: Receipt
    /** The target that failed last; the first target of the chain if none was called. */
    readonly from: string
    /** The target that takes over, such as `anthropic/claude-sonnet-4-6`. */
    readonly to: string
    /** How the target `from` failed; `refused` if it was skipped. */
    readonly reason: FailureKind
    /** Why the target `from` was skipped, in words; undefined if it was called. */
    readonly skipped: string | undefined
  }
  /** The circuit of a target has changed its state. */
  breaker: {
    /** The name of the target, such as `openai/gpt-4`. */
    readonly target: string
    /** The state of the circuit after the change. */
    readonly state: 'open' | 'half-open' | 'closed' | 'isolated'
    /** The time until a probe is let through, in milliseconds; 0 unless the circuit is open. */
    readonly retryAfterMs: number
    /** `true` if other processes of the fleet have caused the change; otherwise undefined. */
    readonly byFleet?: true | undefined
  }
  /** The client has lost the state that it shares with other processes, or has reached it again. See the option `fleet`. */
  fleet: {
    /** Whether the shared state cannot be reached now. */
    readonly degraded: boolean
  }
  /** An alert has started to fire, or is resolved. */
  alert: AlertNotice
  /** `bulk()` was called. The run starts later, when it is iterated or its summary is awaited. */
  bulk: {
    /** How the requests are sent: by calls of the client, or through the provider's Batch API. */
    readonly via: 'direct' | 'provider' | 'auto'
    /** Returns the counters of the run, now and at any later time. Does not start the run. */
    readonly progress: () => BulkProgress
  }
  /**
   * A call has ended whose content is captured: see the option `captureContent`. Without it, this event is never emitted. The content is what
   * `redact` returned, if there is one.
   */
  content: CapturedCall
  /** A call has ended, successful or not; for a stream, when the stream has ended. */
  end: {
    /** The receipt of the call. It is complete, except for a cost that becomes known later. */
    readonly receipt: Receipt
  }
}

type Listener<Event extends keyof HarborEvents> = (event: HarborEvents[Event]) => void

/**
 * The maximum number of different warnings about settings. Without a maximum, a client with chains for many models could emit one warning
 * for each of them.
 */
const MAX_ADVICE = 100
/** The maximum number of different warnings about errors that must not fail a call. */
const MAX_WARNINGS = 100

/**
 * Calls the listeners of events. A listener that throws never changes the result of a call. The first error of the listeners of each
 * event causes a process warning.
 */
export class Telemetry {
  /** The listeners of each event. Their return values are ignored, except that a rejected promise causes a warning. */
  readonly #listeners: { [Event in keyof HarborEvents]: Set<(event: HarborEvents[Event]) => unknown> } = {
    call: new Set(),
    attempt: new Set(),
    retry: new Set(),
    fallback: new Set(),
    breaker: new Set(),
    fleet: new Set(),
    alert: new Set(),
    bulk: new Set(),
    content: new Set(),
    end: new Set(),
  }
  /** What observers of calls get of the client. Set once, when the client is created. */
  client: ObservedClient | undefined
  /** Returns what is left of the spend limits for a call with these labels, in US dollars. Set once, when the client is created. */
  leftUsd: ((limits: readonly SpendLimit[], labels: Labels) => number) | undefined
  /** What has caused a warning already. */
  readonly #warned = new Set<string>()
  readonly #advised = new Set<string>()

  /**
   * Adds a listener.
   * @returns a function that removes it
   * @throws TypeError for an unknown event
   */
  on<Event extends keyof HarborEvents>(event: Event, listener: Listener<Event>): () => void {
    if (!Object.hasOwn(this.#listeners, event)) {
      throw new TypeError(`on() knows the events ${Object.keys(this.#listeners).join(', ')}; got ${event}.`)
    }
    if (typeof listener !== 'function') throw new TypeError(`on('${event}') needs a listener function.`)
    const listeners = this.#listeners[event]
    const own = (payload: HarborEvents[Event]): unknown =>
      (listener as (payload: HarborEvents[Event]) => unknown)(payload)
    listeners.add(own)
    return () => listeners.delete(own)
  }

  emit<Event extends keyof HarborEvents>(event: Event, payload: HarborEvents[Event]): void {
    for (const listener of this.#listeners[event]) {
      try {
        const outcome = listener(payload)
        if (outcome instanceof Promise) outcome.catch((error: unknown) => this.#listenerThrew(event, error))
      } catch (error) {
        this.#listenerThrew(event, error)
      }
    }
  }

  #listenerThrew(event: keyof HarborEvents, error: unknown): void {
    // The message of such an error may contain the content.
    const hasContent = event === 'content'
    this.warn(
      `A listener of '${event}' threw`,
      hasContent ? (error instanceof Error ? error.name : typeof error) : error,
    )
  }

  /**
   * Runs the user's own code. If it throws or rejects, the error causes a process warning and is not passed on.
   * @param what the beginning of the warning, such as `A listener of 'call' threw`
   */
  shield(what: string, code: () => unknown): void {
    try {
      const outcome = code()
      if (outcome instanceof Promise) outcome.catch((error: unknown) => this.warn(what, error))
    } catch (error) {
      this.warn(what, error)
    }
  }

  /** Emits a process warning about a setting that does not have the effect that it seems to have. The same text is emitted only once. */
  advise(text: string): void {
    if (this.#advised.has(text) || this.#advised.size >= MAX_ADVICE) return
    this.#advised.add(text)
    process.emitWarning(text, { type: 'HarborWarning' })
  }

  /**
   * Emits a process warning about an error that must not fail a call, such as one in the user's code. Only the first one with the
   * same `what` does.
   * @param what says which code has failed. There are few of them
   */
  warn(what: string, error: unknown): void {
    if (this.#warned.has(what) || this.#warned.size >= MAX_WARNINGS) return
    this.#warned.add(what)
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.emitWarning(`${what}; further errors like this are not shown.`, { type: 'HarborWarning', detail })
  }
}
