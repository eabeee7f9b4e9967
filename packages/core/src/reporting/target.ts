/** A model at a provider: what a call can be sent to. It holds no key, so it may be logged. */
export interface Target {
  /** `provider/model`, as chains name it and receipts tell it; the bare provider when a request names no model. */
  readonly name: string
  /** The name of the provider's entry. */
  readonly provider: string
  readonly model: string | undefined
  /** The provider's root, to which the path of an endpoint is added. */
  readonly baseURL: string
  /** Targets of one group share the provider's limits: a rate limit of one rests them all. */
  readonly quotaGroup: string
  /** Share of the calls under `weighted()`. */
  readonly weight: number
  /** The user's own price, which wins over the price list. */
  readonly price: Price | undefined
  /** How many tokens fit into a request and its answer; undefined when not told. */
  readonly contextTokens: number | undefined
  /** What the model is said to be able to do; undefined when not told, which is taken for everything. */
  readonly capabilities: readonly Capability[] | undefined
  /** The model's own clocks of a stream, in milliseconds, which stand before those of the client. */
  readonly firstTokenMs: number | undefined
  readonly idleMs: number | undefined
}

/** What a request may need of a model. */
export type Capability = 'tools' | 'vision' | 'audio' | 'json' | 'stream'

/** What a model costs, in US dollars for a million tokens. */
export interface Price {
  inputPerMillion: number
  outputPerMillion: number
  /** Input that the provider had in its cache. @default inputPerMillion */
  cachedInputPerMillion?: number | undefined
  /** Input that the provider put into its cache. @default inputPerMillion */
  cacheWriteInputPerMillion?: number | undefined
  /** @default inputPerMillion */
  audioInputPerMillion?: number | undefined
  /** Output that is reasoning; counted within the output tokens. @default outputPerMillion */
  reasoningPerMillion?: number | undefined
  /** @default outputPerMillion */
  audioOutputPerMillion?: number | undefined
  /**
   * What other service tiers cost, by the name that the answer gives (`flex`, `priority`): a factor of this price, or the rates that
   * differ. @default for models of OpenAI the factors of its price page; of other providers a higher tier is never taken for cheaper
   */
  tiers?: Record<string, number | Omit<Partial<Price>, 'tiers'>> | undefined
}
