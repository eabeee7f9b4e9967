import type { CaptureContentOptions } from './capture-options.ts'
import type { AlertOptions } from '../reporting/alert.ts'
import type { CacheLayerOptions } from './cache-options.ts'
import type { PrefetchOptions } from './prefetch-options.ts'
import type { HedgeOptions, Order } from '@harbor/fallback'
import type { EmbeddingBatchOptions } from './embedding-batch-options.ts'
import type { Fleet } from './fleet.ts'
import type { LimitOptions } from './limit-options.ts'
import type { ModelOptions, ProviderOptions } from './provider-options.ts'
import type { Pool, PoolOptions } from '@harbor/pool'
import type { RetryOptions } from '@harbor/retry'
import type { ClientOptions } from 'openai'
import type { SpendLimitOptions } from './spend-limit-options.ts'
import type { TimeoutSettings } from './timeout-settings.ts'
import type { TelemetryOption } from './observers.ts'
import type { Labels } from '../reporting/labels.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { BreakerSettings } from './breaker-settings.ts'
import type { Target } from '../reporting/target.ts'
import type { OperationName } from '../protocols/list.ts'

/**
 * The options of the SDK's client, and Harbor's own. Most of Harbor's own options may be `false`, which switches the feature off. Two
 * options of the SDK mean more here. `timeout` is the total time of a call, over all attempts and waits. `maxRetries` is the same setting
 * as `retry.maxAttempts`, except that it does not count the first attempt.
 */
export interface HarborOptions extends ClientOptions {
  /**
   * The maximum time of a call, over all its attempts, waits and targets, in milliseconds, up to 2^31 - 1. For a stream, it is the time until the
   * first content. A call that takes longer fails with the SDK's APIConnectionTimeoutError. The timeout of a single attempt is `timeouts.attemptMs`.
   * @default 600_000 (10 minutes)
   */
  timeout?: number | undefined
  /**
   * The maximum number of retries of a call at one target, not counting the first attempt: 2 means the same as `retry.maxAttempts: 3`, 0 means none.
   * If both are given and contradict each other, an OptionError is thrown. @default 2
   */
  maxRetries?: number | undefined
  /**
   * When and how often a failed attempt is retried: the options of `createRetry` of `@harbor/retry`. `false`: never. The kind of failure decides
   * whether an attempt may be retried at all. @default 3 attempts, exponential backoff with jitter
   */
  retry?: RetrySettings | false | undefined
  /**
   * The timeouts for parts of a call: an attempt, the first content and the pauses of a stream. `false`: only the total time `timeout` is limited.
   * @default `{ idleMs: 120_000 }`, and `firstTokenMs: 300_000` while another target can take over
   */
  timeouts?: TimeoutSettings | false | undefined
  /**
   * Providers that calls can be sent to, by names of your choice. The entry `openai` is the client's own provider. Its `apiKey` and
   * `baseURL` can also be given as options of the client. An entry whose `apiKey` is undefined is ignored, with a warning in the log.
   * @default only the client's own provider
   */
  providers?: Record<string, ProviderOptions> | undefined
  /**
   * Facts about models, such as prices and capabilities. The key is `model` for a model of the client's own provider, and `provider/model`
   * for others. @default none
   */
  models?: Record<string, ModelOptions> | undefined
  /**
   * The targets that take over when a model fails, in order. Either one list for all models, or an object with a list for each requested
   * model; its list `'*'` is for all other models. A target is written as `provider/model` if the part before the first slash is an entry
   * of `providers`. Otherwise it is a model of the client's own provider. @default none
   */
  fallback?: Chains | false | undefined
  /**
   * The targets for requests that are too long for the context window of the model, in the format of `fallback`. They are called after the provider
   * has refused the request as too long. They are called at once if Harbor estimates that the request is too long for the model and all its
   * `fallback` targets, but not for all of these targets. `false`: none. @default none
   */
  contextWindowFallback?: Chains | false | undefined
  /**
   * The targets for requests that a content filter refused, in the format of `fallback`. `false`: none. @default none: the caller gets the refusal
   */
  contentPolicyFallback?: Chains | false | undefined
  /**
   * The order in which the targets of a call are tried, as a function: `cheapest()`, `fastest()`, `weighted()` or your own. In a conversation, the
   * target that answered the last call goes first, unless the order leaves it out: see `perCall({ session })`. @default the order in `fallback`
   */
  order?: Order<Target> | undefined
  /**
   * The circuit breaker of each target, with the options of `@harbor/breaker`. It stops calls to a target that keeps failing. `false`: calls are sent
   * to failing targets, too. @default while another target can take over, the circuit opens after 3 failed calls in a row; otherwise when half of at
   * least 20 calls in 30 s failed. It stays open for 30 s at first
   */
  breaker?: BreakerSettings | false | undefined
  /**
   * Health checks of targets with an open circuit. A check is a `GET` of the list of models, which costs nothing; if it is answered, the next call is
   * a probe. `false`: no checks; instead, the circuit lets a call through as a probe after its open time. @default `{ checkIntervalMs: 30_000 }`
   */
  health?:
    | {
        /** The time between two checks of a target, and the time limit of a check, in milliseconds. @default 30_000 */
        checkIntervalMs?: number | undefined
      }
    | false
    | undefined
  /**
   * Calls a second target when the first one is slow, after `afterMs`, and uses the answer that arrives first. Beware: the provider of the slower
   * answer may bill it, too. `false`: never. @default none
   */
  hedge?: HedgeOptions | false | undefined
  /**
   * Returns a substitute answer when no target answered: a text, or the body of an answer. The receipt then has `degraded: true`. If it returns
   * undefined, the call fails. `false`: none. @default none
   */
  lastResort?: LastResort | false | undefined
  /**
   * The maximum number of attempts at a target while another target can take over, at least 1; `maxRetries` limits them too. The wait before the
   * second attempt is at most 100 ms. @default 2
   */
  attemptsBeforeFallback?: number | undefined
  /**
   * The maximum number of requests that one call may send, over all its targets, including retries, hedges and redirects; at least 1. A call with
   * `prefer: 'cheapest'` does not count requests that a service tier refused: they cost nothing, and the tier's cooldown limits them. @default 6
   */
  maxUpstreamCalls?: number | undefined
  /**
   * What happens to a stream whose connection breaks. `'error'`: the reader gets everything that arrived, and then an error. `'resume'`: a stream
   * that the provider has stored goes on where it broke, byte for byte, at the same target; any other stream ends with the error. Stored are the
   * streams of the Responses API that the caller requests with `background: true`; Harbor sets neither `background` nor `store`. The requests for
   * the rest cost nothing, and `maxUpstreamCalls` does not count them: at most `retry.maxAttempts` in a row, and 100 in all, bring no new event.
   * `'continue'`: like `'resume'`, and a stream of plain text that broke (Chat Completions, Anthropic Messages, Gemini) is continued by another request to the same target, as
   * `models[…].continuation` says. Its answer is joined only if it repeats the end of what was sent, character for character; otherwise the stream
   * ends with the error. Tool calls and structured output are never joined. Beware: both requests are billed. @default 'error'
   */
  onStreamFailure?: 'error' | 'resume' | 'continue' | undefined
  /**
   * The maximum size of an answer after decompression, in bytes. For a stream, it limits each event, but not the whole stream. A larger
   * answer fails with `malformed_answer`, and the rest of it is not read. Raise it for answers with many images or embeddings. The body of
   * an error response is always cut after 1 MiB. @default 67_108_864 (64 MiB)
   */
  maxAnswerBytes?: number | undefined
  /**
   * The maximum amounts in US dollars, per hour, per day or in total, that this client and its copies may spend together. In a list, every limit
   * applies. A limit with `by` applies to each value of that label separately. Before each attempt, its highest possible cost is reserved under every
   * limit. If one of the limits has less than this cost left, the call fails with status 402. A call whose price is unknown fails, too, unless
   * `unpriced: 'allow'` is set. Limits with the same `per` and `by` count the same money, also in copies, after `configure()`, and in all
   * processes of a `fleet` that shares spend limits. Beware: money spent
   * before the limit was set, or by copies without it, is not counted. @default none
   */
  spendLimit?: SpendLimitOptions | readonly SpendLimitOptions[] | false | undefined
  /**
   * Rate and concurrency limits for each quota group, which is a set of targets that share limits. By default, each model of a provider with each API
   * key is a quota group; providers with the same `quotaGroup` are one group. Limits that are not set are learned from response headers and 429s. A
   * call that would exceed a limit waits, or goes to another target that has room. `{}`: only learned limits. @default none
   */
  limits?: LimitOptions | false | undefined
  /**
   * Other processes with which this client shares its limits, circuits, spend limits and cached answers, such as `redisFleet()` of
   * `@harbor/redis`. No call fails because the shared state cannot be reached. `false`: none. @default none
   */
  fleet?: Fleet | false | undefined
  /**
   * Observers of calls, such as the traces of `@harbor/otel`. They may add headers to requests, and receive no prompt, no answer and no key. An error
   * that an observer throws changes no call; the first one causes a process warning. `false`: none. @default none
   */
  telemetry?: TelemetryOption | undefined
  /**
   * Names and values that describe all calls of the client, such as `{ tenant: 'acme' }`. Receipts contain them, and `stats().labels` counts calls by
   * them. A copy and a call may add more. At most 16 labels, with names of up to 64 characters and values of up to 256. Beware: labels do not isolate
   * callers. Calls with different labels share cached answers, unless `cache.scopeBy` names the label. @default none
   */
  labels?: Labels | undefined
  /**
   * Passes the content of calls, requests and answers, to a function of yours, such as for debugging or evaluations. The event `content` receives the
   * same calls. Receipts, other events, logs and telemetry never contain content, even if this option is on. Answers from the cache are passed on as
   * well; `receipt.cache` shows that they are cached. Prefetches and the provider's Batch API are left out. Beware: prompts and answers may contain
   * personal data; remove it in `redact`. `false`: nothing is captured. @default false
   */
  captureContent?: CaptureContentOptions | false | undefined
  /**
   * Caches answers, and coalesces identical concurrent requests. `true`: with the defaults, for requests that are safe to cache; an object: see
   * `CacheLayerOptions`. @default false
   */
  cache?: boolean | CacheLayerOptions | undefined
  /**
   * Combines embedding requests with one input each, made at the same time, into one request. `true`: up to 100 inputs; the first one waits at most 5
   * ms for others. An object: see `EmbeddingBatchOptions`. @default false
   */
  embeddingBatch?: boolean | EmbeddingBatchOptions | undefined
  /**
   * Predicts the next requests from earlier sequences of requests with the same scope, sends them, and caches their answers. Needs `cache`.
   * Beware: predicted requests cost money, even if their answers are never used. At most `maxPerMinute` are sent, and none while too few
   * predictions come true. `true`: with the defaults. @default false
   */
  prefetch?: boolean | PrefetchOptions | undefined
  /**
   * Alert rules, checked every few seconds. Each rule has a condition, and a function that is called when the condition becomes true and
   * when it becomes false again. @default none
   */
  alerts?: readonly AlertOptions[] | false | undefined
  /**
   * The connection pool: either options for a pool of this client, or an existing pool to share. `close()` leaves a shared pool open.
   * Cannot be combined with `fetch`, which replaces the pool. @default a pool with the defaults of `@harbor/pool`
   */
  pool?: PoolOptions | Pool | undefined
  /**
   * Whether Harbor may bypass the SDK's request building and parsing, which halves the CPU time of a call. Harbor then sends requests
   * itself, after the SDK has built two of the same kind, and returns JSON and stream events that it has already parsed. This is never done
   * for subclasses, for clients that log requests, or if a method of the SDK was replaced. `false`: the SDK's own methods build every
   * request. The environment variable `HARBOR_OPENAI_SDK=plain` has the same effect for all clients. @default true
   */
  sdkFastPath?: boolean | undefined
}

/**
 * Either one list of targets for all models, or an object with a list for each requested model; its list `'*'` is for all other models. A target is a
 * model, such as `gpt-4`, or `provider/model`.
 */
export type Chains = readonly string[] | Readonly<Record<string, readonly string[]>>

/**
 * Returns a substitute answer for a call that no target answered: a text, or the body of an answer. If it returns undefined or throws, the call
 * fails; the first error that it throws causes a process warning.
 */
export type LastResort = (call: {
  readonly operation: OperationName
  /** The body of the request. */
  readonly request: Readonly<Record<string, unknown>>
  /** The receipt of the call, including its failed attempts. */
  readonly receipt: Receipt
}) => unknown

/**
 * The options of `createRetry` of `@harbor/retry`, without those that Harbor sets itself: time limits, signal, clock and the classification of
 * errors.
 */
export type RetrySettings = Omit<
  RetryOptions,
  'deadlineMs' | 'attemptTimeoutMs' | 'signal' | 'clock' | 'classify' | 'shouldRetryResult'
>
