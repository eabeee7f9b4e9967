import type { Price } from './price.ts'

/** A model at a provider, to which a call can be sent. Contains no key, so it may be logged. */
export interface Target {
  /** `provider/model`, as in chains and receipts; only the provider when a request names no model. */
  readonly name: string
  /** The name of the provider, as in the option `providers`. */
  readonly provider: string
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
  /** The weight of the target for the order `weighted()`: a target of weight 3 is called first three times as often as one of weight 1. */
  readonly weight: number
  /** The user's own price, which takes precedence over the price list. */
  readonly price: Price | undefined
  /**
   * The size of the model's context window: the maximum number of tokens of a request and its answer together. Undefined when not
   * configured.
   */
  readonly contextTokens: number | undefined
  /** The configured capabilities of the model. Undefined if none are configured: the model then counts as having all of them. */
  readonly capabilities: readonly Capability[] | undefined
  /**
   * The model's own timeouts for a stream, in milliseconds: `firstTokenMs` until the first content, and `idleMs` between contents. They
   * override those of the client.
   */
  readonly firstTokenMs: number | undefined
  readonly idleMs: number | undefined
}

/** A capability that a request may need of a model. */
export type Capability = 'tools' | 'vision' | 'audio' | 'json' | 'stream'
