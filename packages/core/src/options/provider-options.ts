import type { ProtocolName, ProviderKind } from '../protocols/protocol.ts'
import type { Continuation } from '../protocols/shared/continuation-format.ts'
import type { Price } from '../reporting/price.ts'
import type { Capability } from '../reporting/target.ts'
import type { LimitOptions } from './limit-options.ts'
import type { TimeoutSettings } from './timeout-settings.ts'

/** A key, or a function that returns it and is called for each attempt. If the function rejects, the attempt fails. */
export type ApiKey = string | (() => Promise<string>)

/**
 * A provider that calls can be sent to: its address, credentials and limits. An entry whose `apiKey` is undefined is left out, with a warning; pass
 * null for a provider that needs none.
 */
export interface ProviderOptions {
  /**
   * The kind of the provider's API, which decides how its requests are addressed and signed, and which protocols it serves.
   * `'openai'`: OpenAI's protocols, signed with `authorization: Bearer`. `'azure'`: the same, addressed by deployment, with an `api-key`
   * header. `'anthropic'`: Anthropic Messages, signed with `x-api-key`. `'google'`: Gemini, signed with `x-goog-api-key`. Anthropic's and
   * Google's own hosts also serve Chat Completions, and Google's also embeddings, at OpenAI-compatible endpoints. @default 'openai'
   */
  kind?: ProviderKind | undefined
  /**
   * The API key, or a function that returns it and is called for each attempt; `null` if the provider needs none. With a list of at most 100 keys,
   * calls are distributed over the keys. The calls of a conversation use the same key while its rate limits allow it, and a key in cooldown is not
   * used. Requests that refer to something stored at the provider always use the first key. Beware: the terms of a vendor may forbid dividing work
   * over several accounts. @default none: the entry is left out, with a warning
   */
  apiKey?: ApiKey | readonly ApiKey[] | null | undefined
  /**
   * The base URL, in the format that the vendor's own SDK expects, such as `https://api.deepseek.com/v1`; for Azure, the URL of the
   * resource. For the kinds `'anthropic'` and `'google'`, a `/v1` or `/v1beta` at its end makes no difference.
   * @default the base URL of the kind's vendor
   */
  baseURL?: string | undefined
  /**
   * The root URL of each protocol that the provider serves, such as `{ 'openai-chat': 'https://gateway.example/v1' }`, in addition to the protocols
   * of its `kind`. For a protocol of the kind, the URL given here is used. With neither `kind` nor `baseURL`, the provider serves only the protocols
   * given here, and calls with other protocols skip it. At Vertex AI, the root ends with `/publishers/anthropic/models` or
   * `/publishers/google/models`; the `apiKey` is then a function that returns an access token. @default the kind's own protocols at `baseURL`; on the
   * hosts of Anthropic and Google, also their OpenAI-compatible endpoints
   */
  endpoints?: { readonly [Protocol in ProtocolName]?: string | undefined } | undefined
  /**
   * A `fetch` that sends all requests to this provider, health checks included. An entry with a `fetch` needs no `baseURL`; without
   * `baseURL`, the prices of its models are looked up by the name of the entry. @default the `fetch` or the pool of the client
   */
  fetch?: typeof globalThis.fetch | undefined
  /** For Azure only: the `api-version` that is added to each URL. @default '2024-10-21' */
  apiVersion?: string | undefined
  /** Headers that are added to every request to this provider; they replace other headers of the same name. @default none */
  headers?: Record<string, string> | undefined
  /**
   * The name of a quota group, which is a set of targets that share rate limits: all providers with this name. After a 429 from one of them,
   * calls go to targets of another group.
   * @default a quota group for each model with each API key
   */
  quotaGroup?: string | undefined
  /**
   * The rate and concurrency limits of this provider, in place of the client's. They apply to each quota group on its own: to each of its models with
   * each API key, or to all providers with the same `quotaGroup` together. `false`: no limits. @default the client's `limits`
   */
  limits?: LimitOptions | false | undefined
  /** Request parameters that the provider does not support. They are removed before sending, and the receipt lists them. @default none */
  dropParams?: readonly string[] | undefined
  /**
   * The name of the parameter that limits the output tokens in chat completions, as this provider accepts it. If Harbor renames the
   * parameter, the receipt says so.
   * @default at OpenAI and Azure, the name in the request, or `max_completion_tokens` for models that accept no other; elsewhere `max_tokens`
   */
  maxTokensParam?: 'max_tokens' | 'max_completion_tokens' | undefined
  /**
   * What proves that a chat stream of this provider is complete. `'finish-reason'`: a `finish_reason` for every choice. `'done'`: `[DONE]`
   * alone; use it for a provider that never sends a `finish_reason`. A stream without this proof fails. @default 'finish-reason'
   */
  streamEnd?: 'finish-reason' | 'done' | undefined
}

/**
 * Facts about a model that the provider's API does not report, such as its price. With `model`, the entry is a variant: a name of its own for a model
 * with parameters, such as a service tier.
 */
export interface ModelOptions {
  /**
   * The name of the model at the provider, if the key of the entry is a name of your choice, such as `gpt-5@flex` for `gpt-5` with `params`. Calls,
   * `fallback` and receipts use the key. The variant has its own circuit, cooldown and rate limits. Facts that it does not set are those of the
   * model's own entry. @default none: the key is the name of the model
   */
  model?: string | undefined
  /**
   * Parameters that requests to the variant carry, such as `{ service_tier: 'flex' }`, in the format of the protocol. They replace those of the
   * request; objects are merged. In Gemini requests, a name at the top level may also be written in snake case. Only for an entry with `model`.
   * @default none
   */
  params?: Readonly<Record<string, unknown>> | undefined
  /**
   * The timeouts of calls to this model, in milliseconds. Each field that is given replaces the same field of the client's `timeouts`; those of
   * `perCall` take precedence. @default the client's `timeouts`
   */
  timeouts?: TimeoutSettings | undefined
  /**
   * The price of the model, in US dollars: rates per million tokens, and others that `Price` describes. It takes precedence over the built-in list.
   * The price of a variant with a service tier is that of answers at this tier; another tier in the answer costs what the model's own entry says.
   * @default the built-in price list
   */
  price?: Price | undefined
  /**
   * The size of the model's context window, in tokens, for request and answer together. A request whose estimated length is larger goes to
   * a target with a large enough context window, if there is one. Otherwise it is sent anyway, because the length is only an estimate.
   * @default unknown: every request is sent
   */
  contextTokens?: number | undefined
  /**
   * The capabilities of the model: `tools`, `vision`, `audio`, `json`, `stream`. A request that needs a capability that is not in the list is never
   * sent to the model.
   * @default all
   */
  capabilities?: readonly Capability[] | undefined
  /**
   * The weight of the model for the order `weighted()`, at least 0: a model of weight 3 is called first three times as often as one of weight 1.
   * @default 1
   */
  weight?: number | undefined
  /**
   * The maximum time from the headers of a stream of this model to its first content, in milliseconds. @default the client's `timeouts.firstTokenMs`
   */
  firstTokenMs?: number | undefined
  /**
   * How this model is asked to continue a stream that broke, with `onStreamFailure: 'continue'`. `'prefix'`: by a last assistant message with
   * `prefix: true` (DeepSeek, Mistral). `'assistant'`: by a last assistant message; if the model refuses it, by a user message. `'user-turn'`: by a
   * user message that quotes the end of the answer, which every model understands. `'none'`: never. @default 'user-turn'
   */
  continuation?: Continuation | undefined
  /**
   * The maximum number of tokens of a continuation that are buffered while it repeats the end of what was sent, at least 1. A continuation that
   * does not fit by then is discarded, and was paid for. @default 200
   */
  maxBridgeTokens?: number | undefined
  /** The maximum time between two pieces of content in a stream of this model, in milliseconds. @default the client's `timeouts.idleMs` */
  idleMs?: number | undefined
}
