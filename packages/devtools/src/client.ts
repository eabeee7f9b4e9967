import type { ShownReceipt } from './receipt.ts'

/**
 * A client whose calls the page shows: a `Harbor` of `@harbor/core`, or the result of its `createHarborFetch()`. Declared here by its
 * shape, because this package depends on nothing.
 */
export interface DevtoolsClient {
  on(event: 'call' | 'end', listener: (event: { readonly receipt: ShownReceipt }) => void): () => void
  on(event: 'breaker', listener: (event: BreakerChange) => void): () => void
  on(event: 'alert', listener: (event: AlertChange) => void): () => void
  on(event: 'bulk', listener: (event: BulkStart) => void): () => void
  on(event: 'content', listener: (event: CapturedContent) => void): () => void
  stats(): ClientStats
  /** Returns how much of the spend limits is used. */
  spend?(): readonly SpendFigures[]
  /** Describes where a request would be sent now. A client without this method has no form for it on the page. */
  explain?(request?: object): object
}

/** The circuit of a target has changed its state. */
export interface BreakerChange {
  readonly target: string
  readonly state: CircuitState
}

export type CircuitState = 'closed' | 'open' | 'half-open' | 'isolated'

/** A bulk run was created. */
export interface BulkStart {
  readonly via: string
  readonly progress: () => BulkFigures
}

/** The counters of a bulk run. */
export interface BulkFigures {
  readonly read: number
  readonly queued: number
  readonly inFlight: number
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  readonly dropped: number
  readonly resumed: number
  readonly total?: number | undefined
  readonly ratePerMinute: number
  readonly etaMs?: number | undefined
  readonly waitingOn?: string | undefined
}

/** The content of a call, of a client with `captureContent`. */
export interface CapturedContent {
  readonly receipt: { readonly id: string }
  readonly request: unknown
  readonly answer: unknown
  readonly truncated: boolean
}

/** How much of a spend limit is used, in US dollars; of a limit by a label, for one value of it. */
export interface SpendFigures {
  readonly limit: { readonly usd: number; readonly per: string; readonly by?: string | undefined }
  readonly value?: string
  readonly usedUsd: number
  readonly reservedUsd: number
}

/** An alert has started to fire, or is resolved. */
export interface AlertChange {
  readonly name: string
  readonly state: 'firing' | 'resolved'
  readonly since: number
  readonly text: string
}

/** The statistics that the page shows. Durations are in milliseconds, money is in US dollars. */
export interface ClientStats {
  readonly calls: number
  readonly attempts: number
  readonly availability: number
  readonly firstTokenMs: { readonly p50: number; readonly p95: number } | undefined
  readonly cost: CostFigures
  readonly cache: CacheFigures
  readonly targets: Readonly<Record<string, TargetFigures>>
  readonly limits: Readonly<Record<string, QuotaFigures>>
  readonly closed: boolean
}

export interface CostFigures {
  readonly spentUsd: number
  readonly possiblyBilledUsd: number
  readonly savedByFallbackUsd: number
  readonly savedByCacheUsd: number
  readonly savedByBatchUsd: number
  readonly unpricedCalls: number
}

export interface CacheFigures {
  readonly hits: number
  readonly stale: number
  readonly misses: number
  readonly shared: number
  readonly bypassed: number
  readonly ratio: number
  readonly entries: number
  readonly bytes: number
}

export interface TargetFigures {
  readonly state: CircuitState
  readonly available: boolean
  readonly retryAfterMs: number
  readonly successRatio: number
  readonly latencyMs: number | undefined
}

/** The rate limits of a quota group by kind, such as requests and tokens, and its limit of requests in flight. */
export interface QuotaFigures {
  readonly rate: {
    readonly inFlight: number
    readonly waiting: number
    readonly pausedForMs: number
    readonly limits: Readonly<Record<string, LimitFigures | undefined>>
  }
  readonly concurrency:
    { readonly limit: number; readonly inFlight: number; readonly waiting: number } | undefined
}

export interface LimitFigures {
  readonly limit: number
  readonly windowMs: number
  /** The number of requests or tokens that were used in all. */
  readonly taken: number
}
