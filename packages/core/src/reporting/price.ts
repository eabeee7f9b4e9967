/** How long a provider's prompt cache stores an entry: `5m` and `1h` at Anthropic, `30m` and `12h` at OpenAI. */
export type CacheTtl = '5m' | '1h' | '30m' | '12h'

/**
 * The price of a model, in US dollars. Each class of tokens, such as cached input, has a rate of its own per million tokens. A token is
 * charged in one class only.
 */
export interface Price {
  /** US dollars for a million input tokens, except for those with a rate of their own, such as cached ones. */
  inputPerMillion: number
  /** US dollars for a million output tokens, except for those with a rate of their own, such as reasoning. */
  outputPerMillion: number
  /** US dollars for a million input tokens that were read from the provider's prompt cache. @default inputPerMillion */
  cachedInputPerMillion?: number | undefined
  /**
   * US dollars for a million input tokens that were written to the provider's prompt cache: one rate for all, or one for each time to live. A time to
   * live that you leave out is charged at its default or at the highest rate that you name, whichever is larger. Tokens without a reported time to
   * live are charged at the highest rate that you name. @default `inputPerMillion` times 1.25 for `5m` and `30m`, and times 2 otherwise
   */
  cacheWritePerMillion?: number | Partial<Record<CacheTtl, number>> | undefined
  /** US dollars for a million input tokens that are audio. @default inputPerMillion */
  audioInputPerMillion?: number | undefined
  /** US dollars for a million reasoning tokens, which are part of the output tokens. @default outputPerMillion */
  reasoningPerMillion?: number | undefined
  /** US dollars for a million output tokens that are audio. @default outputPerMillion */
  audioOutputPerMillion?: number | undefined
  /** US dollars for a million tokens of images that the model makes. They are part of the output tokens. @default outputPerMillion */
  imageOutputPerMillion?: number | undefined
  /** The price of each answered request, in US dollars, in addition to its tokens. @default 0 */
  perRequest?: number | undefined
  /**
   * Your prices of the tools that the provider runs, in US dollars for each use, such as `{ web_search_requests: 0.01 }`. The keys are those of
   * `usage.serverToolUses` in the receipt. A tool that you leave out has the price that OpenAI, Anthropic or Google publishes. Without a published
   * price, `web_fetch_requests` are free, and any other tool costs as much as the most expensive one that you name. @default no prices of your own;
   * a tool that has no published price and is not free is then named in `cost.unpriced` of the receipt
   */
  perServerToolUse?: Readonly<Record<string, number>> | undefined
  /**
   * Your prices of service tiers, such as `{ flex: 0.5 }`. The key is the name of the tier in the answer, in upper or lower case. The value is a
   * factor for the cost of the tokens, or the rates that differ from this price. The standard tier costs this price. Any other tier that you leave
   * out has the price that OpenAI, Anthropic or Google publishes for it, or costs twice this price if they publish none. At other providers, OpenAI's
   * surcharges are assumed, such as that for `priority`, and no discounts.
   * @default no prices of your own
   */
  tiers?: Record<string, number | Omit<Partial<Price>, 'tiers'>> | undefined
}
