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
import type { Receipt } from '../reporting/receipt.ts'
import type { BreakerSettings } from './breaker-settings.ts'
import type { Price } from '../reporting/price.ts'
import type { Capability, Target } from '../reporting/target.ts'
import type { OperationName } from '../protocols/list.ts'
import type { ProtocolName, ProviderKind } from '../protocols/protocol.ts'

/**
 * The options of the SDK's client, and Harbor's own. Most of Harbor's options may be `false`, which switches the feature off. Two options
 * of the SDK have a wider meaning here. `timeout` is the total time of a call, over all attempts and waits. `maxRetries` sets the same
 * number as `retry.maxAttempts`, but does not count the first attempt.
 */
export interface HarborOptions extends ClientOptions {
  /**
   * The maximum time of a call, over all its attempts, waits and targets, in milliseconds. For a stream, it is the time until the first
   * content. The timeout of a single attempt is `timeouts.attemptMs`. @default 600_000 (10 minutes)
   */
  timeout?: number | undefined
  /** The maximum number of retries of a call at one target: n means n + 1 attempts. The same setting as `retry.maxAttempts`. @default 2 */
  maxRetries?: number | undefined
  /** When and how often a failed attempt is retried. `false`: never. @default 3 attempts, exponential backoff with jitter */
  retry?: RetrySettings | false | undefined
  /** The timeouts within the total time of a call. `false`: only the total applies. */
  timeouts?: TimeoutSettings | false | undefined
  /**
   * Providers that calls can be sent to, under names of your choice. The entry `openai` is the client's own provider, whose `apiKey` and
   * `baseURL` can also be given as options of the client. An entry whose `apiKey` is undefined is ignored, with a warning in the log.
   */
  providers?: Record<string, ProviderOptions> | undefined
  /** Prices, limits and capabilities of models, by `model` for the client's own provider, or by `provider/model`. */
  models?: Record<string, ModelOptions> | undefined
  /**
   * The targets that take over when a model fails, in order: one list for all models, or an object with a list per requested model, where
   * `'*'` is for all others. A name is `provider/model` if the part before its first slash is an entry of `providers`, otherwise a model of
   * the client's own provider. @default none
   */
  fallback?: Chains | false | undefined
  /** The targets, in the format of `fallback`, for requests that are too long for the model's context window. @default none */
  contextWindowFallback?: Chains | false | undefined
  /** The targets, in the format of `fallback`, for requests that a content filter refused. @default none: the caller gets the refusal */
  contentPolicyFallback?: Chains | false | undefined
  /** The order in which the targets of a chain are called, such as `weighted()`. @default byPriority, the order of the chain */
  order?: Order<Target> | undefined
  /** The circuit breaker, which decides when a failing target is no longer called. `false`: failing targets are always called. */
  breaker?: BreakerSettings | false | undefined
  /**
   * Health checks of targets whose circuit is open, every `checkIntervalMs` milliseconds (30,000 by default). A check is a `GET` of the
   * list of models, which costs nothing. `false`: no checks; after a while, a call is let through instead.
   */
  health?: { checkIntervalMs?: number | undefined } | false | undefined
  /**
   * Calls a second target when the first one is slow, and uses the answer that arrives first. Beware: both calls are billed.
   * @default none
   */
  hedge?: HedgeOptions | false | undefined
  /**
   * Returns a substitute answer when no target answered: a text, or the body of an answer. If it returns undefined, the call fails.
   * @default none
   */
  lastResort?: LastResort | false | undefined
  /**
   * The maximum number of attempts at a target while another one can take over. The wait before the second is at most 100 ms. @default 2
   */
  attemptsBeforeFallback?: number | undefined
  /** The maximum number of requests that one call may send, over all its targets, including redirects. @default 6 */
  maxUpstreamCalls?: number | undefined
  /**
   * The maximum size of an answer after decompression, in bytes. For a body that is read whole, it limits the body; for a stream, each
   * event, but not the whole stream. A larger answer fails with `malformed_answer`, and the rest of it is not read. Raise the limit for
   * answers with many images or embeddings. Error bodies are always cut after 1 MiB. @default 67_108_864 (64 MiB)
   */
  maxAnswerBytes?: number | undefined
  /**
   * The maximum that this client and its copies may spend together. The estimated cost is reserved before each call; a call for which too
   * little is left fails with status 402. Beware: what was spent before the limit was set does not count. @default none
   */
  spendLimit?: SpendLimitOptions | false | undefined
  /**
   * Rate and concurrency limits for each quota group. By default, each model of a provider is a quota group; entries with the same
   * `quotaGroup` are one group. Limits that are not given are learned from response headers and 429s. A call above a limit waits, or goes
   * to another target that has room. `{}` uses only learned limits. @default none
   */
  limits?: LimitOptions | false | undefined
  /**
   * Caches answers, and coalesces identical concurrent requests into one upstream call. `true`: with the defaults, for requests that are
   * safe to cache. @default false
   */
  cache?: boolean | CacheLayerOptions | undefined
  /** Combines embeddings that are requested at the same time into one request. `true`: up to 100 inputs, within 5 ms. @default false */
  embeddingBatch?: boolean | EmbeddingBatchOptions | undefined
  /**
   * Predicts the next requests from earlier sequences of the same scope, and fills the cache ahead of time. Needs `cache`. Beware: it
   * spends money on guesses, within `maxPerMinute`, and only as long as enough of them are used. `true`: with the defaults.
   * @default false
   */
  prefetch?: boolean | PrefetchOptions | undefined
  /**
   * Alert rules that are checked every few seconds. Each has a function that is notified when its condition begins or ceases to hold.
   * @default none
   */
  alerts?: readonly AlertOptions[] | false | undefined
  /**
   * The connection pool: options for a pool of this client, or an existing pool to share, which `close()` leaves open. Cannot be combined
   * with `fetch`, which replaces the pool. @default a pool with the defaults of `@harbor/pool`
   */
  pool?: PoolOptions | Pool | undefined
  /**
   * Whether Harbor may send requests directly, without the SDK's request building, and return JSON and stream events that it has already
   * parsed. It does so for requests of a kind that it has seen twice, which halves the CPU time of a call. It never does so for subclasses,
   * for clients that log requests, and where a method of the SDK was replaced. `false`: the SDK's own methods build every request. The
   * environment variable `HARBOR_OPENAI_SDK=plain` turns this off for all clients. @default true
   */
  sdkFastPath?: boolean | undefined
}

/** One list of targets for all models, or an object with a list per requested model, where `'*'` is for all others. */
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
   * The API key, or a function that returns it, which is called for each attempt. `null` for a provider that needs none. Calls are divided
   * over a list of keys: a conversation keeps its key while that key is free, and a key in cooldown is passed over. A request that refers
   * to something stored at the provider always uses the first key, which is also the SDK's. Beware: the terms of a vendor may forbid
   * dividing work over several accounts.
   */
  apiKey?: ApiKey | readonly ApiKey[] | null | undefined
  /**
   * The base URL, as the SDK of the provider's kind takes it, such as `https://api.deepseek.com/v1`; for Azure, the resource. For the kinds
   * `'anthropic'` and `'google'`, a `/v1` or `/v1beta` at its end makes no difference. @default the address of the kind's vendor
   */
  baseURL?: string | undefined
  /**
   * The root URL of each protocol that the provider serves, such as `{ 'openai-chat': 'https://gateway.example/v1' }`. Each URL adds a
   * protocol to those of the provider's `kind`, or replaces the address of one of them. An entry with `endpoints`, but neither `kind` nor
   * `baseURL`, serves only the protocols listed here. Calls of other protocols skip the provider. @default the kind's own protocols at
   * `baseURL`, and on the hosts of Anthropic and Google their OpenAI-compatible endpoints
   */
  endpoints?: { readonly [Protocol in ProtocolName]?: string | undefined } | undefined
  /**
   * A `fetch` that sends all requests to this provider, health checks included; the client's `fetch` or pool sends those of the others. An
   * entry with a `fetch` needs no `baseURL`, and if it has none, its prices are found by the name of the entry. @default the client's
   */
  fetch?: typeof globalThis.fetch | undefined
  /** For Azure only: the `api-version`. @default '2024-10-21' */
  apiVersion?: string | undefined
  /** Headers that are added to the requests to this provider. */
  headers?: Record<string, string> | undefined
  /**
   * Entries with the same name share one rate limit: after a 429 from one of them, calls go to targets of another group.
   * @default a group for each model
   */
  quotaGroup?: string | undefined
  /** The limits of each quota group of this provider, instead of the client's `limits`. `false`: none. */
  limits?: LimitOptions | false | undefined
  /** Request parameters that the provider does not support. They are removed before sending, and the receipt lists them. @default none */
  dropParams?: readonly string[] | undefined
  /**
   * The name of the output limit that the provider accepts in chat completions. If the parameter was renamed, the receipt says so.
   * @default at OpenAI and Azure, the name in the request, except for models that accept only the new name; elsewhere `max_tokens`
   */
  maxTokensParam?: 'max_tokens' | 'max_completion_tokens' | undefined
  /**
   * What proves that a chat stream is complete. `'done'`: `[DONE]` alone suffices, for a provider that never sends a `finish_reason`; a
   * stream that ends without `[DONE]` still fails.
   * @default 'finish-reason'
   */
  streamEnd?: 'finish-reason' | 'done' | undefined
}

/** Facts about a model that the provider's API does not report. */
export interface ModelOptions {
  /** The price of the model, in US dollars for a million tokens. @default the built-in price list */
  price?: Price | undefined
  /**
   * The size of the model's context window, in tokens, for request and answer together. Requests that seem longer go to a target where
   * they fit, if there is one. The length is only estimated, so without such a target they are sent anyway.
   */
  contextTokens?: number | undefined
  /** The capabilities of the model. Requests that need others are never sent to it. @default all */
  capabilities?: readonly Capability[] | undefined
  /** The model's share of the calls with the order `weighted()`. @default 1 */
  weight?: number | undefined
  /** The value of `timeouts.firstTokenMs` for this model, in milliseconds, instead of the client's. */
  firstTokenMs?: number | undefined
  /** The value of `timeouts.idleMs` for this model, in milliseconds, instead of the client's. */
  idleMs?: number | undefined
}

/** Returns a substitute answer for a call that no target answered. If it throws, a warning is logged and the call fails. */
export type LastResort = (call: {
  readonly operation: OperationName
  /** The body of the request. */
  readonly request: Readonly<Record<string, unknown>>
  /** The receipt of the call, with the attempts that failed. */
  readonly receipt: Receipt
}) => unknown

/** The options of `@harbor/retry`, without those that Harbor sets itself. */
export type RetrySettings = Omit<
  RetryOptions,
  'deadlineMs' | 'attemptTimeoutMs' | 'signal' | 'clock' | 'classify' | 'shouldRetryResult'
>

/** The timeouts within the total time of a call, which is the option `timeout`. */
export interface TimeoutSettings {
  /**
   * The maximum time of one attempt, in milliseconds: until the body of a JSON answer is read, or until the first content of a stream.
   * Beware: an attempt that timed out may have been carried out and billed, so it is retried at most once.
   * @default the time left of the option `timeout`, or half of that while another target can take over
   */
  attemptMs?: number | undefined
  /**
   * The maximum time from the headers of a stream to its first content, in milliseconds. Lifecycle events, comments and empty items do
   * not count as content.
   * @default 300_000 while another target can take over, otherwise the time left of the option `timeout`
   */
  firstTokenMs?: number | undefined
  /**
   * The maximum pause of a stream between two contents, in milliseconds. Time in which the reader does not read does not count. Comments
   * and pings do not count as content. @default 120_000
   */
  idleMs?: number | undefined
}

/** Options of a single call, passed through `perCall()`. Options that the client also has replace the client's. */
export interface PerCallOptions {
  /** The targets that take over when this call's model fails, in order. `false`: none. */
  fallback?: readonly string[] | false | undefined
  /** The order in which the targets are called. */
  order?: Order<Target> | undefined
  /** When a second target is called in addition to a slow one. `false`: never. */
  hedge?: HedgeOptions | false | undefined
  /** Returns a substitute answer when no target answered. `false`: none. */
  lastResort?: LastResort | false | undefined
  /**
   * How the call uses the cache. `'bypass'`: neither read nor fill the cache. `'refresh'`: make the call, and replace the cached answer.
   * `'only-if-cached'`: send nothing; without a cached answer, the call fails with status 504 and code `not_cached`. @default 'default'
   */
  cache?: 'default' | 'bypass' | 'refresh' | 'only-if-cached' | undefined
  /** How long the answer is fresh in the cache, in milliseconds. @default the cache's `ttlMs` */
  ttlMs?: number | undefined
  /** Tags of the cached answer, for `harbor.cache.invalidateTag(tag)`. @default none */
  tags?: readonly string[] | undefined
  /** A name for the callers that share the cached answer: see `cache.scope`. @default the cache's `scope` */
  scope?: string | undefined
  /**
   * The name of the conversation or user session that the call belongs to. The calls of a session stay with the target that answered last,
   * and with the same key of a provider, as long as both are healthy, since another target or key has not cached the prompt. `prefetch`
   * learns the requests of a session as one sequence. Equal names of different accounts and scopes mean different sessions. @default what
   * the request itself names: `prompt_cache_key`, `conversation`, `safety_identifier` or `user` (for `prefetch` one of the last two, or
   * else the scope)
   */
  session?: string | undefined
  /** The priority of the call among those that wait for `limits`. Higher numbers go first. @default 0 */
  priority?: number | undefined
  /** Timeouts for this call. Each one that is given replaces the client's. */
  timeouts?: TimeoutSettings | undefined
  /**
   * Called with the receipt when the call is over; a stream is over when it has ended. Use it where a helper of the SDK hides the
   * response. If the function throws, a warning is logged.
   */
  onReceipt?: ((receipt: Receipt) => void) | undefined
  /**
   * Called with the provider's id of the answer as soon as the id is known, so that the caller can cancel or resume the answer. For a
   * stream, that is before its first content. Called again if a later attempt has another id. If the function throws, a warning is logged.
   */
  onResponseId?: ((id: string) => void) | undefined
}
