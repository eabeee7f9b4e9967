import type { BreakerOptions } from '@harbor/breaker'
import type { HedgeOptions, Order } from '@harbor/fallback'
import type { RetryOptions } from '@harbor/retry'
import type { CallObserver } from '../receipts/observer.ts'
import type { AttemptFailure, ModelAttempt, ModelReceipt } from '../receipts/receipt.ts'

/** One model of the list `models`, as `order` and the events see it. */
export interface ModelTarget {
  /** The provider and the id of the model, such as `openai.responses/gpt-5`. A second target with the same name gets the suffix `#2`, a third `#3`. */
  readonly name: string
  /** The provider, as the AI SDK names it, such as `openai.responses`. */
  readonly provider: string
  /** The id of the model at its provider, such as `gpt-5`. */
  readonly modelId: string
}

/** Labels of a call, such as `{ tenant: 'acme' }`. They describe calls in receipts, and are never sent to a provider. */
export type Labels = Readonly<Record<string, string>>

/** The options that `createFallbackModel` and `createFallbackEmbeddingModel` share. All are optional. */
export interface CommonOptions {
  /**
   * How often a target is tried, and how long to wait between attempts: options of `createRetry` of `@harbor/retry`. Harbor decides which failures
   * are retried. `false`: no retries. @default 3 attempts, with exponential backoff and jitter. The second attempt is made at once, unless the target
   * is overloaded or over its rate limit
   */
  retry?:
    | Omit<
        RetryOptions,
        'attemptTimeoutMs' | 'deadlineMs' | 'signal' | 'clock' | 'classify' | 'shouldRetryResult'
      >
    | false
    | undefined
  /**
   * When the circuit of a target opens, and for how long. `false`: no circuit breakers. @default opens for 30 s when 3 calls in a row failed and
   * another target can take over, or when at least half of 20 or more calls within 30 s failed
   */
  breaker?: Omit<BreakerOptions, 'judge' | 'restore' | 'clock' | 'name'> | false | undefined
  /**
   * Calls a second target when the first one is slow, and uses the answer that arrives first. The other call is aborted. Beware: both calls
   * may be billed. @default no hedge
   */
  hedge?: HedgeOptions | false | undefined
  /**
   * The maximum time of a call, with all its attempts and waits, in milliseconds, at least 1. A call that takes longer fails with a TimeoutError. For
   * a stream, only the time until its first content counts. @default 600_000
   */
  totalMs?: number | undefined
  /**
   * Orders the targets at the start of each call, such as `fastest()` of `@harbor/fallback`. It must return at least one of them. The target that last answered in the same conversation
   * still comes first, if it is available. @default the order of `models`
   */
  order?: Order<ModelTarget> | undefined
  /**
   * The maximum number of attempts at a target while another target can take over, at least 1. `retry.maxAttempts` also applies. The second attempt
   * is made at once; if you set `retry.baseDelayMs` or `retry.backoff`, after at most 100 ms. @default 2
   */
  attemptsBeforeFallback?: number | undefined
  /**
   * The maximum number of requests that one call sends, at least 1. Requests to all targets count, and so do retries and hedges. When it is reached,
   * the remaining targets are skipped. @default 6
   */
  maxUpstreamCalls?: number | undefined
  /**
   * Names and values for the receipts of all calls, such as `{ app: 'shop' }`. They are never sent to a provider. At most 16 labels, with names of 1
   * to 64 letters, digits and `_.:-`, and values of up to 256 characters. @default none
   */
  labels?: Labels | undefined
  /**
   * Observers of all calls, such as `openTelemetry()` of `@harbor/otel`. They are notified of each attempt and each wait, and get no prompt and
   * no answer. `false`: none. @default none
   */
  telemetry?: CallObserver | readonly CallObserver[] | false | undefined
  /** Functions that are called at events of all calls. If one throws, a warning is emitted and nothing else changes. @default none */
  on?: ModelListeners | undefined
}

/** The options of `createFallbackModel`, without `models`. */
export interface FallbackModelOptions extends CommonOptions {
  /** The timeouts for parts of a call: an attempt, the first content and the pauses of a stream. @default see `ModelTimeouts` */
  timeouts?: ModelTimeouts | undefined
  /**
   * Returns a substitute text for a call that would fail with AllTargetsFailedError. Receives the attempts and the skipped targets of the call. The
   * receipt then has `degraded: true`. If it returns `undefined`, the call fails; if it throws, with the thrown error. It ends with the call: after
   * `totalMs`, or when the caller aborts. @default none
   */
  lastResort?:
    ((failures: readonly ModelAttempt[]) => string | undefined | PromiseLike<string | undefined>) | undefined
}

/** The timeouts for parts of a call, in milliseconds, each at least 1. The option `totalMs` limits the whole call. */
export interface ModelTimeouts {
  /**
   * The maximum time of one attempt, in milliseconds, at least 1: until the complete answer, or the first content of a stream. An attempt that takes
   * longer fails. @default the time left of `totalMs`; half of it while another target can take over
   */
  attemptMs?: number | undefined
  /**
   * The maximum time from the headers of a stream (when `doStream` of the model resolves) to its first content, in milliseconds, at least 1. If no
   * content arrives in time, the attempt fails, and a retry or another target can follow. @default the time left of the attempt
   */
  firstTokenMs?: number | undefined
  /**
   * The maximum wait for the next part with content in a stream, in milliseconds, at least 1. Only the time in which the caller waits for a part
   * counts. After that, the stream fails with a StreamIncompleteError. No retry follows, because the caller has a part of the answer. @default
   * 120_000
   */
  idleMs?: number | undefined
}

/** Functions that are called at events. They are not awaited. If one throws, a warning is emitted, and the call goes on. */
export interface ModelListeners {
  /**
   * Called when a target has failed and the next target is about to be called. Not called for targets that are skipped, nor for a hedge. @default
   * none
   */
  fallback?: ((event: FallbackEvent) => void | PromiseLike<void>) | undefined
  /** Called when the circuit of a target opens, becomes half-open or closes; never with `breaker: false`. @default none */
  breaker?: ((event: BreakerChange) => void | PromiseLike<void>) | undefined
  /** Called once at the end of each call, failed and aborted ones included; for a stream, at the end of the stream. @default none */
  end?: ((receipt: ModelReceipt) => void | PromiseLike<void>) | undefined
}

/** One target failed, and the next one is about to be called. */
export interface FallbackEvent {
  /** The name of the target that failed, such as `openai.responses/gpt-5`. */
  readonly from: string
  /** The name of the target that is called next. */
  readonly to: string
  /** The failure of the last attempt at the target `from`. */
  readonly failure: AttemptFailure
}

/** The circuit of a target has changed its state. */
export interface BreakerChange {
  /** The name of the target, such as `openai.responses/gpt-5`. */
  readonly target: string
  /** The state after the change: `open` (the target is skipped), `half-open` (one call tries it) or `closed`. */
  readonly state: 'open' | 'half-open' | 'closed'
}
