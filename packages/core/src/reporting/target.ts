import type { Price } from './price.ts'

/** A model at a provider, to which a call can be sent. Contains no key, so it may be logged. */
export interface Target {
  /** `provider/model`, as in chains and receipts, or `provider/variant`; only the provider when a request names no model. */
  readonly name: string
  /** The name of the provider, as in the option `providers`. */
  readonly provider: string
  /** The name of the model at the provider, also for a variant; undefined when a request names none. */
  readonly model: string | undefined
  /** The kind of the provider, as in the option `providers`. */
  readonly kind: string
  /** The provider's base URL, to which the path of an endpoint is added. */
  readonly baseURL: string
  /**
   * The name of the quota group: targets of a group share rate limits, so that all of them are in cooldown when one of them is rate
   * limited.
   */
  readonly quotaGroup: string
  /**
   * The weight of the target for the order `weighted()`: a target of weight 3 is called first three times as often as one of weight 1. 1 unless it is
   * configured.
   */
  readonly weight: number
  /** The price in the option `models`, which takes precedence over the price list; undefined when not configured. */
  readonly price: Price | undefined
  /**
   * The size of the model's context window: the maximum number of tokens of a request and its answer together. Undefined when not
   * configured.
   */
  readonly contextTokens: number | undefined
  /** The configured capabilities of the model. Undefined if none are configured: the model then counts as having all of them. */
  readonly capabilities: readonly Capability[] | undefined
  /**
   * The model's own limit for the time until the first content of a stream, in milliseconds. Overrides the client's `timeouts.firstTokenMs`;
   * undefined when not configured.
   */
  readonly firstTokenMs: number | undefined
  /**
   * The model's own limit for the time between two pieces of content, in milliseconds. Overrides the client's `timeouts.idleMs`; undefined when not
   * configured.
   */
  readonly idleMs: number | undefined
  /** The maximum time of one attempt at this model, in milliseconds, if its `timeouts` in the option `models` set one. @default none */
  readonly attemptMs?: number | undefined
  /** The parameters that requests to this variant of a model carry, such as `{ service_tier: 'flex' }`. @default none: the target is no variant */
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What a request may need of a model: `tools` (function calling), `vision` (images as input), `audio` (audio as input or output), `json` (a JSON
 * schema or JSON mode), `stream` (a streamed answer).
 */
export type Capability = 'tools' | 'vision' | 'audio' | 'json' | 'stream'
