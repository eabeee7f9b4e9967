// What Harbor reports to an observer of its client, as far as it is read here. The types of `@harbor/core` can be assigned to these; a test proves it.

/** The state of a client. */
export interface ClientState {
  /** The state of the circuit of each target that was called, by the name of the target. */
  readonly targets: Readonly<
    Record<
      string,
      {
        /** `closed`, `open`, `half-open` or `isolated`. */
        readonly state: string
      }
    >
  >
  /** The limits of each quota group that was used, by its name. A quota group is a set of targets that share rate limits. */
  readonly limits: Readonly<Record<string, LimitState>>
  /** The money saved so far, in US dollars. */
  readonly cost: {
    /** Saved by fallback targets that are cheaper than the requested one, in US dollars; negative if they are more expensive. */
    readonly savedByFallbackUsd: number
    /** Saved by answers that came from the cache or were shared between calls, in US dollars. */
    readonly savedByCacheUsd: number
    /** Saved by a provider's Batch API, compared with single calls, in US dollars. */
    readonly savedByBatchUsd: number
  }
  /** Whether the client was closed. */
  readonly closed: boolean
}

/** The limits of one quota group, which is a set of targets that share rate limits. */
export interface LimitState {
  /** The rate limits of the group. */
  readonly rate: {
    /** The number of calls that wait for a rate limit now. */
    readonly waiting: number
    /** The known limits by kind, such as `requests` or `tokens`. An unknown one is missing. */
    readonly limits: Readonly<
      Partial<
        Record<
          string,
          {
            /** The number of requests or tokens that can be used now. */
            readonly available: number
          }
        >
      >
    >
  }
  /** The limit of requests in flight; undefined if the group has none. */
  readonly concurrency:
    | {
        /** The number of calls that wait for this limit now. Not included in `inFlight`. */
        readonly waiting: number
        /** The number of requests in flight now. */
        readonly inFlight: number
        /** The maximum number of requests in flight now. */
        readonly limit: number
      }
    | undefined
}

/** A client whose state becomes metrics. */
export interface Client {
  /** Returns the state of the client at this moment. */
  stats(): ClientState
  /** Adds a listener for changes of circuits. @returns a function that removes it */
  on(
    event: 'breaker',
    listener: (change: { readonly target: string; readonly state: string }) => void,
  ): () => void
}
