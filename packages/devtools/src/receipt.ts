/**
 * What the page shows of the receipt of a call. A `Receipt` of `@harbor/core` has all these fields, and the page's JSON contains the whole receipt.
 * Durations are in milliseconds, points in time in milliseconds since the epoch.
 */
export interface ShownReceipt {
  /** Identifies the call. Unique across processes. */
  readonly id: string
  /** What the request asks for, such as `chat`, `responses` or `embeddings`. */
  readonly operation: string
  /** The name of the target that answered, such as `openai/gpt-4`, or of the target called last if none answered. */
  readonly target: string
  /** The model that the caller requested; undefined if the request names none. */
  readonly model: string | undefined
  /** Whether the caller requested a stream. */
  readonly streaming: boolean
  /** The labels of the call; an empty object if there are none. */
  readonly labels: Readonly<Record<string, string>>
  /** Whether the call was a prefetch, which Harbor made itself to fill the cache. */
  readonly isPrefetch: boolean
  /** Every request sent to a provider, in order, retries and hedges included; empty if the cache answered or nothing was sent. */
  readonly attempts: readonly ShownAttempt[]
  /** The waits of the call, in order. */
  readonly waits: readonly ShownWait[]
  /** How the call ended; `pending` while it runs. `aborted`: by its caller, or because its client or bulk run was stopped. */
  readonly outcome: 'pending' | 'success' | 'failure' | 'aborted'
  /** Why the call failed. Undefined unless `outcome` is `failure`. */
  readonly failure: ShownCallFailure | undefined
  /** When the call started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** When the call ended, in milliseconds since the epoch; undefined while it runs. */
  readonly endedAt: number | undefined
  /** The duration of the whole call, waits included, in milliseconds; undefined while it runs. */
  readonly durationMs: number | undefined
  /** For a stream: the time from the start of the call to the first content, in milliseconds. Undefined before that, and for other calls. */
  readonly firstContentMs: number | undefined
  /** The tokens as counted by the provider; undefined if it reported none, and until the answer is complete. */
  readonly usage:
    | {
        /** All tokens of the prompt, cached ones included. */
        readonly inputTokens: number
        /** All tokens of the answer, reasoning included. */
        readonly outputTokens: number
      }
    | undefined
  /** The cost of the answer. Undefined while the call runs, without tokens, for a cached answer, and if the price is unknown. */
  readonly cost:
    | {
        /** The cost in US dollars. If `unpriced` is set, the real cost is higher. */
        readonly usd: number
        /** The parts of the call whose price is unknown, which `usd` does not include. Undefined if the cost is complete. */
        readonly unpriced?: readonly string[]
      }
    | undefined
  /** The provider's finish reasons, such as `stop`, one for each choice; empty until the answer is complete. */
  readonly finishReasons: readonly string[]
  /** The number of `attempts` that were sent and failed without a valid answer; the provider may have billed them. */
  readonly possiblyBilled: number
  /** The highest possible cost of the attempts that may have been billed, in US dollars. Not part of `cost`. */
  readonly possiblyBilledUsd: number
  /** What the call saved because the cache answered it, in US dollars. Not part of `cost`. */
  readonly savedUsd: number
  /** The targets that were skipped, in order. */
  readonly skipped: readonly {
    /** The name of the target. */
    readonly target: string
    /** Why the target was skipped, in words, such as `its circuit is open`. */
    readonly reason: string
  }[]
  /** Whether the caller got a substitute because no target answered: the answer of `lastResort`, or a stale answer from the cache. */
  readonly degraded: boolean
  /** How the cache handled the call; undefined if the call did not reach a cache. */
  readonly cache: ShownCache | undefined
  /** Set if the call shared its request with other embedding calls. `usage` and `cost` are then this call's share. */
  readonly batch:
    | {
        /** The number of calls in the request, including this one. */
        readonly size: number
      }
    | undefined
}

/** One request sent to a provider. */
export interface ShownAttempt {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  /** The name of the target to which the request was sent. */
  readonly target: string
  /** The index of the API key in the provider's list of keys, from 0; undefined if the key is not from such a list. */
  readonly keyIndex: number | undefined
  /** The changes made to the request for this target, in words; empty if there are none. */
  readonly adaptations: readonly string[]
  /** When the attempt started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How long the attempt took, in milliseconds; for a stream, until its end. Undefined while it is in flight. */
  readonly durationMs: number | undefined
  /**
   * Why the attempt was made: as the `first` of the call, as a `retry` at the same target, as a `fallback` after another target, as a `hedge` beside
   * a slow target, or as a `probe` of a target whose circuit was open.
   */
  readonly reason: 'first' | 'retry' | 'fallback' | 'hedge' | 'probe' | 'resume' | 'continue'
  /** The HTTP status of the answer; undefined without an answer. */
  readonly status: number | undefined
  /** The provider's id of the request; undefined if it sent none. */
  readonly requestId: string | undefined
  /** Why the attempt failed; undefined if it succeeded or is in flight. */
  readonly failure: ShownFailure | undefined
}

/** Why an attempt failed. */
export interface ShownFailure {
  /** What went wrong, in one word, such as `rate-limit`, `timeout` or `network`. */
  readonly kind: string
  /** The error code of the provider or of the transport; undefined if there is none. */
  readonly code: string | undefined
  /** Whether the provider may have carried out and billed the request: it was sent, but no complete and valid answer arrived. */
  readonly ambiguous: boolean
  /** The wait before a retry that the provider requested, in milliseconds; undefined if it requested none. */
  readonly retryAfterMs: number | undefined
  /**
   * When the attempt failed. `not-sent`: before the request was sent. `sent`: before an answer arrived. `headers`: by its status or headers. `body`:
   * later.
   */
  readonly phase: 'not-sent' | 'sent' | 'headers' | 'body'
  /** Which of Harbor's timeouts was exceeded; undefined for other failures. */
  readonly clock?: string | undefined
}

/** Why a call failed. */
export interface ShownCallFailure {
  /** What went wrong, in one word, such as `rate-limit`, `timeout` or `network`. */
  readonly kind: string
  /** The error code of the provider, of the transport or of Harbor; undefined if there is none. */
  readonly code: string | undefined
  /** The HTTP status of the provider's answer; undefined without an answer. */
  readonly status: number | undefined
  /** Which of Harbor's timeouts was exceeded; undefined for other failures. */
  readonly clock: string | undefined
}

/** One wait of a call. */
export interface ShownWait {
  /**
   * Why the call waited. `queue`: for its batch, or for other calls to end (`maxConcurrency`). `limit`: for a rate limit. `backoff`: before a retry.
   * `retry-after`: before a retry, as the provider requested. `hedge-delay`: for a slow target, before the hedge. `tier`: until a
   * cheaper service tier may have capacity again.
   */
  readonly reason: 'queue' | 'limit' | 'backoff' | 'retry-after' | 'hedge-delay' | 'tier'
  /** When the wait began, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How long the call waited, in milliseconds. */
  readonly ms: number
}

/** How the cache handled a call. */
export interface ShownCache {
  /**
   * `hit`: answered from the cache. `stale`: answered from the cache, with an old answer. `miss`: answered by a provider. `shared`: answered
   * with the answer to an identical call that was in flight. `bypass`: answered without the cache.
   */
  readonly status: 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'
  /** Why the call has this status, in one word, such as `absent` or `expired`. */
  readonly reason: string
  /** How long ago the answer was stored in the cache, in milliseconds; 0 for a new answer. */
  readonly ageMs: number
  /** True if the answer was stored in the cache, otherwise the reason why not. Undefined while this is undecided, and without an answer. */
  readonly stored?: true | string | undefined
}
