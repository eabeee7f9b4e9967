// What Harbor reports to an observer, as far as it is read here. The types of `@harbor/core` can be assigned to these; a test proves it.

/** One request sent to a provider. */
export interface Attempt {
  readonly number?: number | undefined
  /** `provider/model`. */
  readonly target: string
  /** In milliseconds since the epoch. */
  readonly startedAt: number
  readonly durationMs?: number | undefined
  readonly reason?: string | undefined
  readonly status?: number | undefined
  readonly failure?: Failure | undefined
}

/** Why an attempt or a call failed. */
export interface Failure {
  readonly kind: string
  readonly code?: string | undefined
  readonly status?: number | undefined
  readonly ambiguous?: boolean | undefined
  readonly phase?: string | undefined
  readonly clock?: string | undefined
}

/** One wait of a call. */
export interface Wait {
  readonly reason: string
  /** In milliseconds since the epoch. */
  readonly startedAt: number
  readonly ms: number
}

/** The tokens of a call. `inputTokens` and `outputTokens` are totals. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedInputTokens: number
  readonly cacheWriteInputTokens: number
  readonly reasoningTokens: number
}

/** The record of one call. */
export interface CallReceipt {
  readonly id: string
  readonly target?: string | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly attempts: readonly Attempt[]
  readonly outcome: string
  readonly failure?: Failure | undefined
  readonly startedAt: number
  readonly endedAt?: number | undefined
  readonly durationMs?: number | undefined
  readonly firstContentMs?: number | undefined
  readonly usage?: Usage | undefined
  readonly cost?: { readonly usd: number; readonly usage?: string | undefined } | undefined
  readonly possiblyBilledUsd?: number | undefined
  readonly savedUsd?: number | undefined
  readonly finishReasons?: readonly string[] | undefined
  readonly responseId?: string | undefined
  readonly skipped?: readonly { readonly target: string }[] | undefined
  readonly degraded?: boolean | undefined
  readonly cache?: { readonly status: string; readonly reason: string; readonly ageMs: number } | undefined
}

/** What a call asks for, before a target is chosen. */
export interface CallRequest {
  readonly operation: string
  readonly provider: string
  readonly model: string | undefined
  readonly streaming: boolean
  readonly url: string
}

/** The state of a client. */
export interface ClientState {
  readonly targets: Readonly<Record<string, { readonly state: string }>>
  readonly limits: Readonly<Record<string, LimitState>>
  readonly cost: {
    readonly savedByFallbackUsd: number
    readonly savedByCacheUsd: number
    readonly savedByBatchUsd: number
  }
  readonly closed: boolean
}

/** The rate limits of one quota group. */
export interface LimitState {
  readonly rate: {
    readonly waiting: number
    readonly limits: Readonly<Partial<Record<string, { readonly available: number }>>>
  }
  readonly concurrency:
    { readonly waiting: number; readonly inFlight: number; readonly limit: number } | undefined
}

export interface Client {
  stats(): ClientState
  leftUsd?(labels: Readonly<Record<string, string>>): number | undefined
  on(
    event: 'breaker',
    listener: (change: { readonly target: string; readonly state: string }) => void,
  ): () => void
}

/** A call that begins. */
export interface StartedCall {
  readonly receipt: CallReceipt
  readonly request: CallRequest
  readonly role: string
  /** When the total time of the call is over, in milliseconds since the epoch. */
  readonly deadlineAt?: number | undefined
  readonly client?: Client | undefined
}
