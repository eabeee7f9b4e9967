import type { FailureKind } from '@harbor/retry'
import type { ObservedAttempt } from './observed-attempt.ts'

/** Why a call failed, as an observer gets it: facts of its error, without its message. */
export interface ObservedCallFailure {
  /** What went wrong, in one word, such as `rate-limit` or `timeout`: a `FailureKind` of `@harbor/retry`. */
  readonly kind: FailureKind
  /** The error code of the provider, of the transport or of Harbor, such as `model_closed`; `undefined` if there is none. */
  readonly code: string | undefined
  /** The HTTP status of the last answer; `undefined` without an answer. */
  readonly status: number | undefined
  /**
   * The timeout that was exceeded. `total`: of the whole call. `attempt`: of one attempt, or of its first content. `idle`: of a pause in the stream.
   * `undefined` for other failures.
   */
  readonly clock: 'total' | 'attempt' | 'idle' | undefined
}

/** One wait of a call: before a retry, or for a slow target before a hedge. */
export interface ObservedWait {
  /**
   * `backoff`: before a retry. `retry-after`: because the provider asked for it. `hedge-delay`: for a slow target, before a second target was called.
   */
  readonly reason: 'backoff' | 'retry-after' | 'hedge-delay'
  /** The start of the wait, in milliseconds since 1970. */
  readonly startedAt: number
  /** The duration of the wait, in milliseconds. */
  readonly ms: number
}

/**
 * The tokens of an answer, as its provider reported them. `inputTokens` and `outputTokens` are totals; the others are parts of them. A number that
 * the provider did not report is 0.
 */
export interface ObservedUsage {
  /** All tokens of the prompt: cached ones and cache writes are included. */
  readonly inputTokens: number
  /** All tokens of the answer: reasoning is included. */
  readonly outputTokens: number
  /** Tokens that were read from the provider's prompt cache. Included in `inputTokens`. */
  readonly cachedInputTokens: number
  /** Tokens that were written to the provider's prompt cache. Included in `inputTokens`. */
  readonly cacheWriteInputTokens: number
  /** Tokens that the model used for reasoning. Included in `outputTokens`. */
  readonly reasoningTokens: number
  /** Always 0: the AI SDK does not report audio tokens separately. */
  readonly audioInputTokens: number
  /** Always 0: the AI SDK does not report audio tokens separately. */
  readonly audioOutputTokens: number
}

/**
 * The receipt of a call, as an observer gets it. It has the fields of a receipt of `@harbor/core`, so that one observer can serve both. Fields that
 * the AI SDK does not report are `undefined`, empty or 0. Contains no prompt and no answer.
 */
export interface ObservedReceipt {
  /** The id of the call: that of its `ModelReceipt`. */
  readonly id: string
  /** The kind of request: `chat` (text, also as a stream) or `embeddings`. */
  readonly operation: 'chat' | 'embeddings'
  /**
   * The name of the target that answered, or that was called last. `last resort` if the option `lastResort` answered. Empty before the first attempt.
   */
  readonly target: string
  /** The id of the model that answered; the id of the first model if none has answered. Never undefined here. */
  readonly model: string | undefined
  /** Whether the answer is a stream. */
  readonly streaming: boolean
  /** The labels of the model and of the call; an empty object if there are none. */
  readonly labels: Readonly<Record<string, string>>
  /** Always false: a model has no prefetches. */
  readonly isPrefetch: boolean
  /** The attempts so far, in the order in which they started; skipped targets are in `skipped`. */
  readonly attempts: readonly ObservedAttempt[]
  /** The waits of the call so far, in order; empty if there were none. */
  readonly waits: readonly ObservedWait[]
  /** `pending` while the call runs; then `success`, `failure`, or `aborted` if the caller ended it. */
  readonly outcome: 'pending' | 'success' | 'failure' | 'aborted'
  /** Why the call failed, even if nothing was sent. `undefined` unless `outcome` is `failure`. */
  readonly failure: ObservedCallFailure | undefined
  /** The start of the call, in milliseconds since 1970. */
  readonly startedAt: number
  /** The end of the call, in milliseconds since 1970; `undefined` while it runs. */
  readonly endedAt: number | undefined
  /** The duration in milliseconds; `undefined` while the call runs. */
  readonly durationMs: number | undefined
  /** The total time of all waits before retries, in milliseconds. */
  readonly waitMs: number
  /** For a stream: the time until its first content, in milliseconds; `undefined` before that, and for other calls. */
  readonly firstContentMs: number | undefined
  /** Always `undefined` here: only `@harbor/core` sets it. */
  readonly guard: undefined
  /** The tokens of the answer; `undefined` until it is complete, or if the provider reported none. */
  readonly usage: ObservedUsage | undefined
  /** Always `undefined`: fallback models estimate no tokens. */
  readonly billedTokens: undefined
  /** Always `undefined`: the AI SDK does not report it. */
  readonly serviceTier: undefined
  /** Always `undefined`: this package knows no prices. */
  readonly cost: undefined
  /** The finish reason of the answer, as the AI SDK names it; empty until it is complete. */
  readonly finishReasons: readonly string[]
  /** Always `undefined` here: only `@harbor/core` sets it. */
  readonly responseId: undefined
  /** The number of `attempts` that failed, and that the provider may have billed. */
  readonly possiblyBilled: number
  /** Always 0: fallback models know no prices. */
  readonly possiblyBilledUsd: number
  /** Always 0: fallback models estimate no tokens. */
  readonly possiblyBilledTokens: number
  /** Always 0 here: only `@harbor/core` sets it. */
  readonly savedUsd: number
  /** Always 0: the AI SDK does not report redirects. */
  readonly redirects: number
  /** The targets that were skipped so far, each with the reason in words. */
  readonly skipped: readonly {
    /** The name of the target, such as `openai.responses/gpt-5`. */
    readonly target: string
    /** Why the target was skipped, in words, such as `circuit open`. */
    readonly reason: string
  }[]
  /** Whether the answer comes from the option `lastResort`. */
  readonly degraded: boolean
  /** Always `undefined`: a model has no cache. */
  readonly cache: undefined
  /** Always `undefined`: a model makes no batches. */
  readonly batch: undefined
}
