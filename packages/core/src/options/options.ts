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
import type { Capability, Price, Target } from '../reporting/target.ts'
import type { OperationName } from '../protocols/list.ts'

/**
 * Everything the SDK's client accepts, and Harbor's own sections, each of which may be `false` to switch it off.
 *
 * Two of the SDK's options mean more here. `timeout` is the total of a call, over all attempts and waits; of a
 * stream, until its first content. `maxRetries: n` means n + 1 attempts, and is the same setting as
 * `retry.maxAttempts`.
 */
export interface HarborOptions extends ClientOptions {
  /**
   * How long a call may take in all, over all its attempts, waits and targets, in milliseconds; of a stream, until its first content.
   * The time of one attempt is `timeouts.attemptMs`. @default 600_000 (10 minutes)
   */
  timeout?: number | undefined
  /** How often a failed attempt is repeated: n means n + 1 attempts. The same setting as `retry.maxAttempts`. @default 2 */
  maxRetries?: number | undefined
  /** When and how often a failed attempt is repeated. `false`: never. */
  retry?: RetrySettings | false | undefined
  /** The clocks inside the total. `false`: only the total counts. */
  timeouts?: TimeoutSettings | false | undefined
  /**
   * Where models are to be had, by names of your choice. The entry `openai` is the client's own provider, for which
   * `apiKey` and `baseURL` stand as well. An entry whose key is undefined is left out, and the log says so.
   */
  providers?: Record<string, ProviderOptions> | undefined
  /** What is known of models, by `model` for the client's own provider, or `provider/model`. */
  models?: Record<string, ModelOptions> | undefined
  /**
   * What stands in for a model while it fails, in order: a list for each model that is asked for, or one list for all
   * (`'*'`). A name is `provider/model` if the part before its first slash is an entry of `providers`, and otherwise a
   * model of the client's own provider.
   */
  fallback?: Chains | false | undefined
  /** The same for requests that are too long for the model. @default none */
  contextWindowFallback?: Chains | false | undefined
  /** The same for requests that were refused for their content. @default none: a refusal is not routed around */
  contentPolicyFallback?: Chains | false | undefined
  /** In which order targets are called. @default byPriority, as the chain names them */
  order?: Order<Target> | undefined
  /** When a target that fails is no longer called. `false`: it is called however often it fails. */
  breaker?: BreakerSettings | false | undefined
  /** How targets that are not called are asked whether they are back. `false`: only calls find out. */
  health?: { checkIntervalMs?: number | undefined } | false | undefined
  /** Calls a second target when the first one takes long. Costs the second call. @default none */
  hedge?: HedgeOptions | false | undefined
  /** Answers when no target did: a text, or the body of an answer. `undefined` lets the failure stand. @default none */
  lastResort?: LastResort | false | undefined
  /** Attempts on a target while another one can take over; the wait before the second is at most 100 ms. @default 2 */
  attemptsBeforeFallback?: number | undefined
  /** How many requests one call may send upstream, over all its targets. @default 6 */
  maxUpstreamCalls?: number | undefined
  /**
   * How large an answer may be, in bytes after decoding: the body of one that is read whole, or one event of a stream, which
   * may itself be longer. A larger one fails with `malformed_answer`, and is not read to its end. The body of an error is cut
   * after 1 MiB. Raise it for answers that hold many images or embeddings. @default 67_108_864 (64 MiB)
   */
  maxAnswerBytes?: number | undefined
  /**
   * How much may be spent, by all copies of this client together. Money is set aside before a call is made, and a call for
   * which there is not enough is refused with status 402. What is spent is counted from when the limit is set. @default none
   */
  spendLimit?: SpendLimitOptions | false | undefined
  /**
   * What the providers allow, for each quota group: the models of a provider one by one, or what its entry's `quotaGroup` names. What is
   * not given is learned from headers and refusals. Calls wait here instead of being refused there, or go to another target that has
   * room. @default none
   */
  limits?: LimitOptions | false | undefined
  /**
   * Gives the answer to a question that was asked before, and one answer to all who ask the same at once. `true`: with the
   * defaults, for what is safe. @default false
   */
  cache?: boolean | CacheLayerOptions | undefined
  /**
   * Makes one request of embeddings that are asked for one by one at the same time, and gives each caller its own again. `true`: up to
   * 100, within 5 ms. @default false
   */
  embeddingBatch?: boolean | EmbeddingBatchOptions | undefined
  /**
   * Asks ahead what is likely to be asked next, by what each scope asked before, and fills the cache with it. It spends money on guesses:
   * within bounds, while callers leave room, and only as long as enough of them come true. `true`: with the defaults. @default false
   */
  prefetch?: boolean | PrefetchOptions | undefined
  /** Rules that are watched beside the calls, and who is told. @default none */
  alerts?: readonly AlertOptions[] | false | undefined
  /**
   * `false`: every request is built by the OpenAI SDK's own methods. By default, Harbor sends requests of a kind that it has seen twice
   * directly, without the SDK's request building, and returns JSON and stream events that it has parsed already. That halves the CPU time
   * of a call. It is skipped by itself for subclasses, for clients that log requests, and where a method of the SDK was replaced. The
   * environment variable `HARBOR_OPENAI_SDK=plain` turns it off for all clients. @default true
   */
  sdkFastPath?: boolean | undefined
  /**
   * The connections: options for a pool of this client's own, or a pool to share, which this client does not
   * close. Not together with `fetch`, which replaces the pool.
   */
  pool?: PoolOptions | Pool | undefined
}

/** For one list of targets, `'*'` stands for every model. */
export type Chains = readonly string[] | Readonly<Record<string, readonly string[]>>

/** Where models are to be had. */
export interface ProviderOptions {
  /** How it is addressed. `azure`: by deployments, with an `api-key` header. @default 'openai' */
  kind?: 'openai' | 'azure' | undefined
  /** The key, or a function that is called for each attempt to get it. `null` for a provider that needs none. */
  apiKey?: string | (() => Promise<string>) | null | undefined
  /** The root of its endpoints, such as `https://api.deepseek.com/v1`; for Azure, the resource. @default OpenAI's */
  baseURL?: string | undefined
  /** Of Azure: the `api-version` to ask for. @default '2024-10-21' */
  apiVersion?: string | undefined
  /** Headers that its requests carry. */
  headers?: Record<string, string> | undefined
  /**
   * Entries with the same group share one rate limit: when one reaches it, calls move on to another group.
   * @default each model is a group of its own
   */
  quotaGroup?: string | undefined
  /** What each of its quota groups may use, instead of the client's `limits`; `false` for no limits. */
  limits?: LimitOptions | false | undefined
  /** Parameters it does not know, left out of requests that are sent there. The receipt tells. */
  dropParams?: readonly string[] | undefined
  /**
   * What it calls the limit of a chat completion. The receipt tells when it was renamed.
   * @default as asked for at OpenAI and Azure, except for models that know only the new name; `max_tokens` elsewhere
   */
  maxTokensParam?: 'max_tokens' | 'max_completion_tokens' | undefined
  /**
   * What proves that its chat streams are complete. `done`: also `[DONE]` alone, for a provider that never sends a `finish_reason`; a
   * stream that breaks off before `[DONE]` is still a failure.
   * @default 'finish-reason'
   */
  streamEnd?: 'finish-reason' | 'done' | undefined
}

/** What is known of a model. */
export interface ModelOptions {
  /** What it costs; wins over the price list. */
  price?: Price | undefined
  /**
   * How many tokens fit into a request and its answer. Requests that seem longer go to a target where they fit, if there is
   * one; the length is estimated, so the provider has the last word.
   */
  contextTokens?: number | undefined
  /** What it can do; requests that need more are not sent there. @default everything */
  capabilities?: readonly Capability[] | undefined
  /** Its share of the calls under `weighted()`. @default 1 */
  weight?: number | undefined
  /** Instead of the client's `timeouts.firstTokenMs`, in milliseconds. */
  firstTokenMs?: number | undefined
  /** Instead of the client's `timeouts.idleMs`, in milliseconds. */
  idleMs?: number | undefined
}

/** Answers a call that no target could. What it throws changes nothing. */
export type LastResort = (call: {
  readonly operation: OperationName
  /** The body of the request. */
  readonly request: Readonly<Record<string, unknown>>
  /** What was tried. */
  readonly receipt: Receipt
}) => unknown

/** The options of `@harbor/retry`, less those that the pipeline itself gives. */
export type RetrySettings = Omit<
  RetryOptions,
  'deadlineMs' | 'attemptTimeoutMs' | 'signal' | 'clock' | 'classify' | 'shouldRetryResult'
>

/** Three clocks beside the total, which is the SDK's own `timeout`. */
export interface TimeoutSettings {
  /**
   * How long one attempt may take, in milliseconds: for JSON until its body is read, for a stream until its first
   * content. An attempt that is cut off may have been carried out, so it is repeated at most once.
   * @default what is left of the total, or half of it while another target can take over
   */
  attemptMs?: number | undefined
  /**
   * How long a stream may take to its first content after its headers, in milliseconds. Lifecycle events, comments and items that are
   * announced empty are no content.
   * @default 300_000 while another target can take over, else what is left of the total
   */
  firstTokenMs?: number | undefined
  /**
   * How long a stream may pause between two contents, in milliseconds. Only waiting readers count, and comments
   * and pings are no content. @default 120_000
   */
  idleMs?: number | undefined
}

/** What may be asked for with one call, through `perCall`. */
export interface PerCallOptions {
  /** What stands in for this call's model, in order; `false` for nothing. */
  fallback?: readonly string[] | false | undefined
  /** Instead of the client's. */
  order?: Order<Target> | undefined
  /** Instead of the client's; `false` for none. */
  hedge?: HedgeOptions | false | undefined
  /** Instead of the client's; `false` for none. */
  lastResort?: LastResort | false | undefined
  /**
   * `bypass`: leave the cache out. `refresh`: ask anew, whatever is kept, and keep it. `only-if-cached`: ask nobody; a 504 with
   * code `not_cached` when nothing is kept. @default 'default'
   */
  cache?: 'default' | 'bypass' | 'refresh' | 'only-if-cached' | undefined
  /** How long the answer is fresh, in milliseconds, instead of the cache's own. */
  ttlMs?: number | undefined
  /** What the answer can be forgotten by: `harbor.cache.invalidateTag(tag)`. */
  tags?: readonly string[] | undefined
  /** Who shares the answer, instead of the cache's own `scope`. */
  scope?: string | undefined
  /**
   * Whose questions follow each other, for `prefetch`, where many share a scope. @default the request's `safety_identifier` or `user`,
   * or else the scope
   */
  session?: string | undefined
  /** Who goes first where `limits` make calls wait: higher before lower. @default 0 */
  priority?: number | undefined
  /** Replaces the client's clocks for this call, one by one. */
  timeouts?: TimeoutSettings | undefined
  /**
   * Gets the receipt when the call is over (of a stream, when the stream ended): the way to it where a helper
   * hides the response. What it throws changes nothing.
   */
  onReceipt?: ((receipt: Receipt) => void) | undefined
  /**
   * Gets the provider's id of the answer as soon as it is known: of a stream before its first content reaches the reader, to cancel or
   * resume it. Called again when another attempt has another id. What it throws changes nothing.
   */
  onResponseId?: ((id: string) => void) | undefined
}
