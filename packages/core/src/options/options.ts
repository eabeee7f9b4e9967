import type { AlertOptions } from '../reporting/alert.ts'
import type { CacheLayerOptions } from './cache-options.ts'
import type { PrefetchOptions } from './prefetch-options.ts'
import type { HedgeOptions, Order } from '@harbor/fallback'
import type { EmbeddingBatchOptions } from './embedding-batch-options.ts'
import type { LimitOptions } from './limit-options.ts'
import type { Pool, PoolOptions } from '@harbor/pool'
import type { RetryOptions } from '@harbor/retry'
import type { ClientOptions } from 'openai'
import type { SpendLimitOptions } from './spend-limit-options.ts'
import type { TimeoutSettings } from './timeout-settings.ts'
import type { TelemetryOption } from './observers.ts'
import type { Labels } from '../reporting/labels.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { BreakerSettings } from './breaker-settings.ts'
import type { Price } from '../reporting/price.ts'
import type { Capability, Target } from '../reporting/target.ts'
import type { OperationName } from '../protocols/list.ts'
import type { ProtocolName, ProviderKind } from '../protocols/protocol.ts'

/**
 * The options of the SDK's client, and Harbor's own. Most of Harbor's own options may be `false`, which switches the feature off. Two
 * options of the SDK mean more here. `timeout` is the total time of a call, over all attempts and waits. `maxRetries` is the same setting
 * as `retry.maxAttempts`, except that it does not count the first attempt.
 */
export interface HarborOptions extends ClientOptions {
  /**
   * The maximum time of a call, over all its attempts, waits and targets, in milliseconds. For a stream, it is the time until the first
   * content. The timeout of a single attempt is `timeouts.attemptMs`. @default 600_000 (10 minutes)
   */
  timeout?: number | undefined
  /**
   * The maximum number of retries of a call at one target, not counting the first attempt: 2 means the same as `retry.maxAttempts: 3`. If
   * both are given and contradict each other, an OptionError is thrown. @default 2
   */
  maxRetries?: number | undefined
  /** When and how often a failed attempt is retried. `false`: never. @default 3 attempts, exponential backoff with jitter */
  retry?: RetrySettings | false | undefined
  /**
   * The timeouts for parts of a call: an attempt, the first content and the pauses of a stream. `false`: only the total time is limited.
   * @default see `TimeoutSettings`
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
  /** The targets for requests that are too long for the context window of the model, in the format of `fallback`. @default none */
  contextWindowFallback?: Chains | false | undefined
  /** The targets for requests that a content filter refused, in the format of `fallback`. @default none: the caller gets the refusal */
  contentPolicyFallback?: Chains | false | undefined
  /**
   * The order in which the targets of a call are tried, as a function such as `weighted()`. @default byPriority, the order in `fallback`
   */
  order?: Order<Target> | undefined
  /** The circuit breaker of each target. It stops calls to a target that keeps failing. `false`: calls are sent to failing targets, too. */
  breaker?: BreakerSettings | false | undefined
  /**
   * Health checks of targets with an open circuit, every `checkIntervalMs` milliseconds (30,000 by default). A check is a `GET` of the list
   * of models, which costs nothing. `false`: no checks; instead, the circuit lets a call through as a probe after its open time.
   */
  health?: { checkIntervalMs?: number | undefined } | false | undefined
  /**
   * Calls a second target when the first one is slow, and uses the answer that arrives first. Beware: the provider of the slower answer may
   * bill it, too. @default none
   */
  hedge?: HedgeOptions | false | undefined
  /**
   * Returns a substitute answer when no target answered: a text, or the body of an answer. If it returns undefined, the call fails.
   * @default none
   */
  lastResort?: LastResort | false | undefined
  /**
   * The maximum number of attempts at a target while another target can take over. The wait before the second attempt is at most 100 ms.
   * @default 2
   */
  attemptsBeforeFallback?: number | undefined
  /** The maximum number of requests that one call may send, over all its targets, including redirects. @default 6 */
  maxUpstreamCalls?: number | undefined
  /**
   * The maximum size of an answer after decompression, in bytes. For a stream, it limits each event, but not the whole stream. A larger
   * answer fails with `malformed_answer`, and the rest of it is not read. Raise it for answers with many images or embeddings. The body of
   * an error response is always cut after 1 MiB. @default 67_108_864 (64 MiB)
   */
  maxAnswerBytes?: number | undefined
  /**
   * The maximum amount in US dollars, per hour, per day or in total, that this client and its copies may spend together. Before each call, its highest possible cost is reserved. If less
   * than this cost is left of the limit, the call fails with status 402, and so does a call whose price is unknown, unless `unpriced: 'allow'` is set. Beware: money spent before the limit was set is not counted.
   * @default none
   */
  spendLimit?: SpendLimitOptions | false | undefined
  /**
   * Rate and concurrency limits for each quota group. By default, each model of a provider is a quota group; providers with the same
   * `quotaGroup` are one group. Limits that are not set are learned from response headers and 429s. A call that would exceed a limit waits,
   * or goes to another target that has room. `{}`: only learned limits. @default none
   */
  limits?: LimitOptions | false | undefined
  /**
   * Observers that watch calls from inside, such as the traces of `@harbor/otel`. They may add headers to requests, and are given no prompt,
   * no answer and no key. An error that one throws causes one warning, and changes no call. `false`: none. @default none
   */
  telemetry?: TelemetryOption | undefined
  /**
   * Labels describe, they never isolate: names and values for all calls of the client, such as `{ tenant: 'acme' }`. Receipts contain them,
   * and `stats().labels` counts calls by them. A copy and a call may add more. At most 16 labels, with names of up to 64 characters and
   * values of up to 256.
   * Beware: calls with different labels share cached answers, unless `cache.scopeBy` names the label. @default none
   */
  labels?: Labels | undefined
  /** Caches answers, and coalesces identical concurrent requests. `true`: for requests that are safe to cache. @default false */
  cache?: boolean | CacheLayerOptions | undefined
  /**
   * Combines embeddings that are requested at the same time into one request. `true`: up to 100 inputs; the first one waits at most 5 ms
   * for others. @default false
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

/** Either one list of targets for all models, or an object with a list for each requested model; its list `'*'` is for all other models. */
export type Chains = readonly string[] | Readonly<Record<string, readonly string[]>>

/** A key, or a function that returns it and is called for each attempt. */
export type ApiKey = string | (() => Promise<string>)

/** A provider that calls can be sent to. */
export interface ProviderOptions {
  /**
   * The kind of the provider's API, which decides how its requests are addressed and signed, and which protocols it serves.
   * `'openai'`: OpenAI's protocols, signed with `authorization: Bearer`. `'azure'`: the same, addressed by deployment, with an `api-key`
   * header. `'anthropic'`: Anthropic Messages, signed with `x-api-key`. `'google'`: Gemini, signed with `x-goog-api-key`. Anthropic's and
   * Google's own hosts also serve Chat Completions, and Google's also embeddings, at OpenAI-compatible endpoints. @default 'openai'
   */
  kind?: ProviderKind | undefined
  /**
   * The API key, or a function that returns it, which is called for each attempt. `null` for a provider that needs none. If you pass a list
   * of keys, calls are distributed over them. The calls of a conversation use the same key as long as its rate limits allow it. A key in
   * cooldown is not used. A request that refers to something stored at the provider always uses the first key, which is also the key of the
   * SDK. Beware: the terms of a vendor may forbid dividing work over several accounts.
   */
  apiKey?: ApiKey | readonly ApiKey[] | null | undefined
  /**
   * The base URL, in the format that the vendor's own SDK expects, such as `https://api.deepseek.com/v1`; for Azure, the URL of the
   * resource. For the kinds `'anthropic'` and `'google'`, a `/v1` or `/v1beta` at its end makes no difference.
   * @default the base URL of the kind's vendor
   */
  baseURL?: string | undefined
  /**
   * The root URL of each protocol that the provider serves, such as `{ 'openai-chat': 'https://gateway.example/v1' }`. These URLs are used
   * in addition to those of the provider's `kind`, and replace the URL of the same protocol. An entry with `endpoints`, but neither `kind`
   * nor `baseURL`, serves only the protocols listed here. Calls of other protocols skip the provider. At Vertex AI, the root ends with
   * `/publishers/anthropic/models` or `/publishers/google/models`; the `apiKey` is then a function that returns an access token.
   * @default the kind's own protocols at `baseURL`, and on the hosts of Anthropic and Google their OpenAI-compatible endpoints
   */
  endpoints?: { readonly [Protocol in ProtocolName]?: string | undefined } | undefined
  /**
   * A `fetch` that sends all requests to this provider, health checks included. An entry with a `fetch` needs no `baseURL`; without
   * `baseURL`, the prices of its models are looked up by the name of the entry. @default the `fetch` or the pool of the client
   */
  fetch?: typeof globalThis.fetch | undefined
  /** For Azure only: the `api-version`. @default '2024-10-21' */
  apiVersion?: string | undefined
  /** Headers that are added to every request to this provider. @default none */
  headers?: Record<string, string> | undefined
  /**
   * The name of the quota group: providers with the same name share rate limits. After a 429 from one of them, calls go to targets of
   * another group.
   * @default a group for each model
   */
  quotaGroup?: string | undefined
  /** The limits of each quota group of this provider. `false`: no limits. @default the client's `limits` */
  limits?: LimitOptions | false | undefined
  /** Request parameters that the provider does not support. They are removed before sending, and the receipt lists them. @default none */
  dropParams?: readonly string[] | undefined
  /**
   * The name of the parameter that limits the output tokens in chat completions, as this provider accepts it. If Harbor renames the
   * parameter, the receipt says so.
   * @default at OpenAI and Azure, the name in the request, except for models that accept only the new name; elsewhere `max_tokens`
   */
  maxTokensParam?: 'max_tokens' | 'max_completion_tokens' | undefined
  /**
   * What proves that a chat stream of this provider is complete. `'finish-reason'`: a `finish_reason` for every choice. `'done'`: `[DONE]`
   * alone; use it for a provider that never sends a `finish_reason`. A stream without this proof fails. @default 'finish-reason'
   */
  streamEnd?: 'finish-reason' | 'done' | undefined
}

/** Facts about a model that the provider's API does not report, such as its price. */
export interface ModelOptions {
  /** The price of the model, in US dollars for a million tokens. @default the built-in price list */
  price?: Price | undefined
  /**
   * The size of the model's context window, in tokens, for request and answer together. A request whose estimated length is larger goes to
   * a target with a large enough context window, if there is one. Otherwise it is sent anyway, because the length is only an estimate.
   * @default unknown: every request is sent
   */
  contextTokens?: number | undefined
  /** The capabilities of the model. A request that needs another capability is never sent to the model. @default all */
  capabilities?: readonly Capability[] | undefined
  /**
   * The weight of the model for the order `weighted()`: a model of weight 3 is called first three times as often as one of weight 1.
   * @default 1
   */
  weight?: number | undefined
  /** The maximum time until the first content of a stream of this model, in milliseconds. @default the client's `timeouts.firstTokenMs` */
  firstTokenMs?: number | undefined
  /** The maximum time between two pieces of content in a stream of this model, in milliseconds. @default the client's `timeouts.idleMs` */
  idleMs?: number | undefined
}

/** Returns a substitute answer for a call that no target answered. If it throws, a warning is logged and the call fails. */
export type LastResort = (call: {
  readonly operation: OperationName
  /** The body of the request. */
  readonly request: Readonly<Record<string, unknown>>
  /** The receipt of the call, including its failed attempts. */
  readonly receipt: Receipt
}) => unknown

/** The options of `@harbor/retry`, without those that Harbor sets itself. */
export type RetrySettings = Omit<
  RetryOptions,
  'deadlineMs' | 'attemptTimeoutMs' | 'signal' | 'clock' | 'classify' | 'shouldRetryResult'
>
