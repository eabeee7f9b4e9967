import type { FailureKind } from '@harbor/retry'

/**
 * An observer of calls, for the option `telemetry`. It gets no prompt and no answer. If it throws, the call goes on; a model emits one warning for
 * all such errors. Observers of `@harbor/core`, such as `openTelemetry()` of `@harbor/otel`, work here too.
 */
export interface CallObserver {
  /**
   * Called when a call begins, in the async context of its caller.
   * @returns an object to which Harbor reports what happens to the call, or `undefined` to leave the call out
   */
  start(call: {
    readonly receipt: ObservedReceipt
    readonly request: RequestFacts
    readonly role: 'call'
    /** When `totalMs` is over, in milliseconds since 1970. The call fails if it has no answer by then; a stream, if it has no content by then. */
    readonly deadlineAt: number
    /** The fallback model, for reading its state. All calls of a model get the same object. */
    readonly client: ObservedModel
  }): CallObservation | undefined
}

/** The fallback model, as an observer sees it. It has the fields that observers of `@harbor/core` read from a client. */
export interface ObservedModel {
  /** Returns the statistics of the model at this moment. */
  stats(): {
    /** The circuit and the health of each target, by its name. */
    readonly targets: Readonly<Record<string, ObservedTarget>>
    /** Always empty: a fallback model has no rate limits. */
    readonly limits: Readonly<Record<string, never>>
    /** Amounts in US dollars; all 0, because the AI SDK reports no prices. */
    readonly cost: Readonly<
      Record<
        | 'spentUsd'
        | 'possiblyBilledUsd'
        | 'savedByFallbackUsd'
        | 'savedByCacheUsd'
        | 'savedByBatchUsd'
        | 'unpricedCalls',
        number
      >
    >
    /** Whether `close()` was called. */
    readonly closed: boolean
  }
  /** Adds a listener for changes of circuits. @returns a function that removes it */
  on(
    event: 'breaker',
    listener: (change: { readonly target: string; readonly state: ObservedTarget['state'] }) => void,
  ): () => void
}

/** The circuit and the health of one target, for observers. */
export interface ObservedTarget {
  /** The state of the circuit; always `closed` with `breaker: false`. */
  readonly state: 'closed' | 'open' | 'half-open' | 'isolated'
  /** Whether the target can take calls now: its circuit is not open or isolated, and it is in no cooldown. */
  readonly available: boolean
  /** How long the cooldown still lasts, in milliseconds; 0 if there is none. */
  readonly retryAfterMs: number
  /** The share of the last 100 calls at this target that were answered, from 0 to 1; 1 before the first call. */
  readonly successRatio: number
  /** The moving average of the time until an answer, or the first content of a stream, in milliseconds; undefined before the first answer. */
  readonly latencyMs: number | undefined
  /** Always undefined here: only `@harbor/core` sets it. */
  readonly lastFailure: undefined
  /** Always undefined: a fallback model makes no health checks. */
  readonly lastCheckAt: undefined
  /** Always undefined: the AI SDK does not say which key a model uses. */
  readonly keys: undefined
}

/** The functions that are called at the events of one call. */
export interface CallObservation {
  /**
   * Wraps one request to a model, until its answer, or the first content of its stream, has arrived. The model is called in the async context in
   * which you call `send`.
   * @param send calls the model. A second call returns the same promise. If you never call it, Harbor does. `headers` are added to those of the
   * request
   * @returns what `send` returned; any other value is ignored
   */
  attempt?<T>(
    attempt: ObservedAttempt,
    send: (headers?: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T>
  /**
   * Called once for each attempt that is answered by a stream, when the stream has begun.
   * @returns a function that is called for each part with content when Harbor reads the part from the stream, or `undefined` to get no such calls.
   * `at` is the time of the read, in milliseconds since 1970. After its first content, a stream is read only as fast as its caller reads it
   */
  chunks?(attempt: ObservedAttempt): ((at: number) => void) | undefined
  /** Called once for each attempt when it has ended; for a stream, at its end. Also called for an attempt that lost to a hedge. */
  attemptEnded?(attempt: ObservedAttempt): void
  /** Called after a wait, before the attempt that follows. */
  waited?(wait: ObservedWait): void
  /** Called once when the call is over; for a stream, when the stream has ended. */
  end?(receipt: ObservedReceipt): void
}

/** What a call asks for, before a target is chosen. Contains no prompt and no key. */
export interface RequestFacts {
  /** Always `ai-sdk`: which protocol a model speaks is not known. */
  readonly protocol: string
  /** The kind of request: `chat` (text, also as a stream) or `embeddings`. */
  readonly operation: 'chat' | 'embeddings'
  /** The provider of the first model, as the AI SDK names it, such as `openai.responses`. */
  readonly provider: string
  /** The id of the first model in `models`. Never undefined here. */
  readonly model: string | undefined
  /** Whether the answer is a stream. */
  readonly streaming: boolean
  /** Empty, because the AI SDK does not say where a model sends its requests. */
  readonly url: string
}

/** One request to a model, as an observer gets it. */
export interface ObservedAttempt {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  /** The name of the target, such as `openai.responses/gpt-5`. */
  readonly target: string
  /** Always `undefined`: the AI SDK does not say to which address a model sends its requests. */
  readonly origin: string | undefined
  /**
   * The state of the target's circuit when the attempt was admitted: `closed`, `half-open` for a probe, or `open` if no target was available and this
   * one was called nevertheless. `undefined` with `breaker: false`.
   */
  readonly circuit: ObservedTarget['state'] | undefined
  /** Always `undefined`: the AI SDK does not say which key a model uses. */
  readonly keyIndex: number | undefined
  /**
   * What was removed from the prompt, or replaced, because the target refuses it: one line for each kind of change. Empty without changes. Contains
   * no prompt text.
   */
  readonly adaptations: readonly string[]
  /** The start of the attempt, in milliseconds since 1970. */
  readonly startedAt: number
  /** The duration of the attempt, in milliseconds; `undefined` while it is in flight. */
  readonly durationMs: number | undefined
  /** How long the call waited before this retry, in milliseconds; 0 for other attempts. The delay before a hedge is not included. */
  readonly waitedMs: number
  /** Why the call waited: its own `backoff`, or the `retry-after` of the provider. `nothing` if `waitedMs` is 0. */
  readonly waitedFor: 'nothing' | 'backoff' | 'retry-after'
  /**
   * Why the attempt was made: as the `first` of the call, as a `retry` at the same target, as a `fallback` after another target, or as a `hedge`
   * beside a slow one.
   */
  readonly reason: 'first' | 'retry' | 'fallback' | 'hedge'
  /** The HTTP status of an answer that was an error; `undefined` for other answers, because the AI SDK does not return their status. */
  readonly status: number | undefined
  /** Always `undefined`: the AI SDK does not return the request id. */
  readonly requestId: string | undefined
  /**
   * Why the attempt failed; `undefined` if it succeeded or is in flight. One that lost to a hedge has the kind `aborted` and the code
   * `lost_hedge`.
   */
  readonly failure: ObservedFailure | undefined
}

/** Why an attempt failed, as an observer gets it. */
export interface ObservedFailure {
  /** What went wrong, in one word, such as `rate-limit` or `timeout`: a `FailureKind` of `@harbor/retry`. */
  readonly kind: FailureKind
  /** The error code of the provider or of the transport; `undefined` if there was none. */
  readonly code: string | undefined
  /** Whether the provider may have processed, and billed, the request. */
  readonly ambiguous: boolean
  /** The wait before a retry that the provider requested, in milliseconds; `undefined` if it requested none. */
  readonly retryAfterMs: number | undefined
  /**
   * How far the request got. `not-sent`: it was not sent. `sent`: no answer arrived. `headers`: the status was an error. `body`: the answer was
   * unusable.
   */
  readonly phase: 'not-sent' | 'sent' | 'headers' | 'body'
}

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

/** Returns the observers in the option `telemetry`; `undefined` if there are none. */
export function observerList(
  telemetry: CallObserver | readonly CallObserver[] | false | undefined,
): readonly CallObserver[] | undefined {
  if (telemetry === undefined || telemetry === false) return undefined
  const list = 'start' in telemetry ? [telemetry] : [...telemetry]
  return list.length === 0 ? undefined : list
}
