import type { CircuitState, ClientStats, SpendFigures } from './client-stats.ts'
import type { ShownReceipt } from './receipt.ts'

/**
 * A client whose calls the page shows: a `Harbor` of `@harbor/core`, or the result of its `createHarborFetch()`. Declared here by its
 * shape, because this package depends on nothing.
 */
export interface DevtoolsClient {
  /** How the page names the client, if it shows several. @default the host to which the client sends its requests */
  readonly title?: string | undefined
  /** Adds a listener that is called when a call starts (`call`) or has ended (`end`). @returns a function that removes it */
  on(event: 'call' | 'end', listener: (event: { readonly receipt: ShownReceipt }) => void): () => void
  /** Adds a listener that is called when the circuit of a target has changed its state. @returns a function that removes it */
  on(event: 'breaker', listener: (event: BreakerChange) => void): () => void
  /** Adds a listener that is called when an alert starts to fire, or is resolved. @returns a function that removes it */
  on(event: 'alert', listener: (event: AlertChange) => void): () => void
  /** Adds a listener that is called when a bulk run is created. @returns a function that removes it */
  on(event: 'bulk', listener: (event: BulkStart) => void): () => void
  /** Adds a listener that is called with the content of each captured call that has ended. @returns a function that removes it */
  on(event: 'content', listener: (event: CapturedContent) => void): () => void
  /** Returns the statistics of the client since it was created. */
  stats(): ClientStats
  /** Returns how much of the spend limits is used. */
  spend?(): readonly SpendFigures[]
  /** Describes where a request would be sent now. Without this method, the page has no form for it. */
  explain?(request?: object): object
}

/** The circuit of a target has changed its state. */
export interface BreakerChange {
  /** The name of the target, such as `openai/gpt-4`. */
  readonly target: string
  /** The state of the circuit after the change. */
  readonly state: CircuitState
}

/** A bulk run was created. */
export interface BulkStart {
  /** How the requests are sent: `direct` for calls of the client, `provider` for the provider's Batch API. */
  readonly via: string
  /** Returns the counters of the run at this moment. */
  readonly progress: () => BulkFigures
}

/** The counters of a bulk run. */
export interface BulkFigures {
  /** Items read from the source so far. Items whose result is in the journal do not count. */
  readonly read: number
  /** Items that were read ahead from the source and have not started. */
  readonly queued: number
  /** Items that were started and have no result now. */
  readonly inFlight: number
  /** Items that succeeded in this run so far. */
  readonly ok: number
  /** Items whose last attempt failed in this run so far. */
  readonly failed: number
  /** Items left out as duplicates so far. */
  readonly skipped: number
  /** Items that were read but get no result, because the run was ended early. */
  readonly dropped: number
  /** Results read from the journal so far, without a call. Not included in `ok`. */
  readonly resumed: number
  /** The number of items; undefined if it is unknown. */
  readonly total?: number | undefined
  /** The number of results in the last minute, without results from the journal. */
  readonly ratePerMinute: number
  /** The estimated time until the end of the run, in milliseconds; undefined if it cannot be estimated. */
  readonly etaMs?: number | undefined
  /** What the run waits for now, such as `rate` for a rate limit; undefined if it does not wait. */
  readonly waitingOn?: string | undefined
}

/** The content of a call. Only clients with the option `captureContent` emit it. */
export interface CapturedContent {
  /** The receipt of the call. Its `id` identifies the row of the call on the page. */
  readonly receipt: {
    /** Identifies the call. */
    readonly id: string
  }
  /** The body of the request: parsed JSON, or text. */
  readonly request: unknown
  /** The body of the answer: parsed JSON, or text. Undefined if the caller got no answer. */
  readonly answer: unknown
  /** Whether a part of the request or the answer is missing. */
  readonly truncated: boolean
}

/** An alert has started to fire, or is resolved. */
export interface AlertChange {
  /** The name of the alert. */
  readonly name: string
  /** What the incident is about, such as the name of a target. Undefined for alerts that have one incident at a time. */
  readonly subject?: string | undefined
  /** `firing`: the condition of the alert holds. `resolved`: it has ceased to hold. */
  readonly state: 'firing' | 'resolved'
  /** When the condition began to hold (`firing`) or ceased to hold (`resolved`), in milliseconds since the epoch. */
  readonly since: number
  /** The alert as one line of text. */
  readonly text: string
}
