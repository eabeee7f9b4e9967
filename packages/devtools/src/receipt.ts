/**
 * What the page shows of the receipt of a call. A `Receipt` of `@harbor/core` has all of it; the page's JSON has the whole receipt. Times are
 * in milliseconds, points in time in milliseconds since the epoch.
 */
export interface ShownReceipt {
  readonly id: string
  readonly operation: string
  readonly target: string
  readonly model: string | undefined
  readonly streaming: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly isPrefetch: boolean
  readonly attempts: readonly ShownAttempt[]
  readonly waits: readonly ShownWait[]
  readonly outcome: 'pending' | 'success' | 'failure' | 'aborted'
  readonly failure: ShownCallFailure | undefined
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly durationMs: number | undefined
  readonly firstContentMs: number | undefined
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined
  readonly cost: { readonly usd: number; readonly unpriced?: readonly string[] } | undefined
  readonly finishReasons: readonly string[]
  readonly possiblyBilled: number
  /** The highest possible cost of the attempts that may have been billed, in US dollars. */
  readonly possiblyBilledUsd: number
  /** What the call saved because it was answered by the cache, in US dollars. */
  readonly savedUsd: number
  readonly skipped: readonly { readonly target: string; readonly reason: string }[]
  readonly degraded: boolean
  readonly cache: ShownCache | undefined
  readonly batch: { readonly size: number } | undefined
}

export interface ShownAttempt {
  readonly number: number
  readonly target: string
  readonly keyIndex: number | undefined
  readonly adaptations: readonly string[]
  readonly startedAt: number
  readonly durationMs: number | undefined
  readonly reason: 'first' | 'retry' | 'fallback' | 'hedge' | 'probe'
  readonly status: number | undefined
  readonly requestId: string | undefined
  readonly failure: ShownFailure | undefined
}

export interface ShownFailure {
  readonly kind: string
  readonly code: string | undefined
  readonly ambiguous: boolean
  readonly retryAfterMs: number | undefined
  readonly phase: 'not-sent' | 'sent' | 'headers' | 'body'
  /** Which timeout was exceeded. */
  readonly clock?: string | undefined
}

/** Why a call failed. */
export interface ShownCallFailure {
  readonly kind: string
  readonly code: string | undefined
  readonly status: number | undefined
  readonly clock: string | undefined
}

export interface ShownWait {
  readonly reason: 'queue' | 'limit' | 'backoff' | 'retry-after' | 'hedge-delay'
  readonly startedAt: number
  readonly ms: number
}

export interface ShownCache {
  readonly status: 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'
  readonly reason: string
  readonly ageMs: number
  readonly stored?: true | string | undefined
}
