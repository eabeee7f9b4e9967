/** A model at a provider, to which a call can be sent. Contains no key, so it may be logged. */
export interface Target {
  /** `provider/model`, as in chains and receipts; only the provider when a request names no model. */
  readonly name: string
  /** The name of the provider, as in the option `providers`. */
  readonly provider: string
  readonly model: string | undefined
  /** The provider's base URL, to which the path of an endpoint is added. */
  readonly baseURL: string
  /**
   * The name of a group of targets that share the rate limits of the provider: when one of them is rate limited, all of them go into
   * cooldown.
   */
  readonly quotaGroup: string
  /** The target's share of the calls under `weighted()`, relative to the weights of the other targets. */
  readonly weight: number
  /** The user's own price, which takes precedence over the price list. */
  readonly price: Price | undefined
  /** How many tokens fit into a request and its answer; undefined when not configured. */
  readonly contextTokens: number | undefined
  /** The configured capabilities of the model; undefined when not configured, which means all. */
  readonly capabilities: readonly Capability[] | undefined
  /**
   * The model's own timeouts for a stream, in milliseconds: until the first content, and between contents. They override those of the
   * client.
   */
  readonly firstTokenMs: number | undefined
  readonly idleMs: number | undefined
}

/** A capability that a request may need of a model. */
export type Capability = 'tools' | 'vision' | 'audio' | 'json' | 'stream'

/** Price of a model, in US dollars per million tokens. */
export interface Price {
  inputPerMillion: number
  outputPerMillion: number
  /** Input read from the provider's cache. @default inputPerMillion */
  cachedInputPerMillion?: number | undefined
  /** Input written to the provider's cache. @default inputPerMillion */
  cacheWriteInputPerMillion?: number | undefined
  /** @default inputPerMillion */
  audioInputPerMillion?: number | undefined
  /** Reasoning tokens, which are part of the output tokens. @default outputPerMillion */
  reasoningPerMillion?: number | undefined
  /** @default outputPerMillion */
  audioOutputPerMillion?: number | undefined
  /**
   * Prices of other service tiers, by the name of the tier in the answer (`flex`, `priority`). Each is a factor by which this price is
   * multiplied, or the rates that differ from this price. @default the factors on OpenAI's price page, of which the discounts apply only to
   * OpenAI
   */
  tiers?: Record<string, number | Omit<Partial<Price>, 'tiers'>> | undefined
}
