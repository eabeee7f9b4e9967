/** The statistics that the page shows. Durations are in milliseconds, money is in US dollars. */
export interface ClientStats {
  /** The number of finished calls; prefetches do not count. */
  readonly calls: number
  /** The number of finished requests to providers, including retries, hedges and those of prefetches. */
  readonly attempts: number
  /** The share of calls that succeeded, from 0 to 1; calls that the caller aborted are left out. 1 before the first call. */
  readonly availability: number
  /** Percentiles of the time to the first content of a stream, in milliseconds; undefined before the first stream has succeeded. */
  readonly firstTokenMs:
    | {
        /** The median. */
        readonly p50: number
        /** The 95th percentile. */
        readonly p95: number
      }
    | undefined
  /** The money spent and saved so far, in US dollars. */
  readonly cost: CostFigures
  /** Statistics of the cache; all 0 without a cache. */
  readonly cache: CacheFigures
  /** The health and the latency of each target that was called, by its name, such as `openai/gpt-4`. */
  readonly targets: Readonly<Record<string, TargetFigures>>
  /** The limits of each quota group that was used, by its name. A quota group is a set of targets that share rate limits. */
  readonly limits: Readonly<Record<string, QuotaFigures>>
  /** Whether the client was closed. */
  readonly closed: boolean
}

/** The cost of all calls of a client since it was created, in US dollars. */
export interface CostFigures {
  /** The cost of all answers whose price is known, prefetches included, in US dollars. */
  readonly spentUsd: number
  /**
   * An upper estimate of the cost of attempts that were sent and failed without a valid answer, in US dollars; the provider may have billed them. Not
   * part of `spentUsd`.
   */
  readonly possiblyBilledUsd: number
  /** The money saved by fallback targets that are cheaper than the requested one, in US dollars; negative if they are more expensive. */
  readonly savedByFallbackUsd: number
  /** The cost saved by answers that came from the cache or were shared between calls, in US dollars. Not part of `spentUsd`. */
  readonly savedByCacheUsd: number
  /** The cost saved by a provider's Batch API, compared with single calls, in US dollars. Not part of `spentUsd`. */
  readonly savedByBatchUsd: number
  /** The number of answers whose price is unknown or incomplete. Unknown costs are not included in the other values. */
  readonly unpricedCalls: number
}

/** The statistics of the cache of a client since it was created. */
export interface CacheFigures {
  /** Calls answered with a fresh entry. */
  readonly hits: number
  /** Calls answered with a stale entry. Not included in `hits`. */
  readonly stale: number
  /** Calls that the cache could not answer. */
  readonly misses: number
  /** Calls that got the answer to an identical call in flight. Not included in `hits`. */
  readonly shared: number
  /** Calls that bypassed the cache. Not included in `misses`. */
  readonly bypassed: number
  /** The share of calls answered without a request of their own, from 0 to 1; bypassed calls are left out. 0 before the first such answer. */
  readonly ratio: number
  /** The number of entries in memory now. */
  readonly entries: number
  /** The size of the entries in memory now, in bytes. */
  readonly bytes: number
}

/** The health and the latency of a target. */
export interface TargetFigures {
  /** The state of the target's circuit now. */
  readonly state: CircuitState
  /** Whether the circuit of the target lets calls through now: it is `closed` or `half-open`. Cooldowns are not included. */
  readonly available: boolean
  /** The time until the circuit lets a probe through, in milliseconds; 0 unless the circuit is open. */
  readonly retryAfterMs: number
  /** The share of answered calls among the last 100 calls of the target, from 0 to 1; 1 before the first call. */
  readonly successRatio: number
  /**
   * The moving average of the durations of answered calls, in milliseconds. A call that was given up because a hedge answered counts if it raises the average. Undefined
   * before the first of these.
   */
  readonly latencyMs: number | undefined
}

/**
 * The state of a circuit. `closed`: calls go through. `open`: calls are refused. `half-open`: a few calls go through as probes. `isolated`:
 * calls are refused until the isolation is ended by hand.
 */
export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated'

/** The rate limits and the limit of requests in flight of a quota group, which is a set of targets that share limits. */
export interface QuotaFigures {
  /** The rate limits of the group. */
  readonly rate: {
    /** The number of requests in flight now. */
    readonly inFlight: number
    /** The number of calls that wait for a rate limit now. Not included in `inFlight`. */
    readonly waiting: number
    /** The remaining time of a pause after a 429, in milliseconds; 0 if there is none. */
    readonly pausedForMs: number
    /** The known limits by kind, such as `requests` or `tokens`. An unknown one is missing. */
    readonly limits: Readonly<Record<string, LimitFigures | undefined>>
  }
  /** The limit of requests in flight; undefined if the group has none. */
  readonly concurrency:
    | {
        /** The maximum number of requests in flight now. */
        readonly limit: number
        /** The number of requests in flight now. */
        readonly inFlight: number
        /** The number of calls that wait for this limit now. Not included in `inFlight`. */
        readonly waiting: number
      }
    | undefined
}

/** One rate limit. */
export interface LimitFigures {
  /** The number of requests or tokens allowed per window. */
  readonly limit: number
  /** The time within which `limit` requests or tokens are allowed, in milliseconds. */
  readonly windowMs: number
  /** The total number of requests or tokens that were reserved since the limit became known: estimates, not the usage. */
  readonly taken: number
}

/** How much of a spend limit is used, in US dollars. A limit by a label has one entry for each value of the label. */
export interface SpendFigures {
  /** The limit, as it was configured. */
  readonly limit: {
    /** The limit, in US dollars for each period. */
    readonly usd: number
    /** The period: `hour`, `day` or `total`. */
    readonly per: string
    /**
     * The label by which the limit is divided, such as `tenant`: each value of the label has a limit of its own. Undefined for one limit of all
     * calls.
     */
    readonly by?: string | undefined
  }
  /** The value of the label `limit.by`; '' for calls without this label. Missing for a limit without `by`. */
  readonly value?: string
  /** The amount spent in the current period, in US dollars, including the highest possible cost of attempts that failed and may have been billed. */
  readonly usedUsd: number
  /** The highest possible cost of the calls in flight, in US dollars. Not part of `usedUsd`. */
  readonly reservedUsd: number
}
