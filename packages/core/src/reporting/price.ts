/** How long a provider's prompt cache holds what was written to it: `5m` and `1h` at Anthropic, `30m` and `12h` at OpenAI. */
export type CacheTtl = '5m' | '1h' | '30m' | '12h'

/**
 * Price of a model, in US dollars. Each class of tokens has its own rate for a million tokens, and no token is charged in two classes.
 */
export interface Price {
  inputPerMillion: number
  outputPerMillion: number
  /** Input read from the provider's cache. @default inputPerMillion */
  cachedInputPerMillion?: number | undefined
  /**
   * Input written to the provider's cache: one rate, or a rate for each time to live. Tokens whose time to live has no rate here, or is
   * not reported, are charged at the highest of these rates. @default `inputPerMillion` times 1.25 for `5m` and `30m`, and times 2 for
   * other times to live
   */
  cacheWritePerMillion?: number | Partial<Record<CacheTtl, number>> | undefined
  /** @default inputPerMillion */
  audioInputPerMillion?: number | undefined
  /** Reasoning tokens, which are part of the output tokens. @default outputPerMillion */
  reasoningPerMillion?: number | undefined
  /** @default outputPerMillion */
  audioOutputPerMillion?: number | undefined
  /** Tokens of images that the model makes, which are part of the output tokens. @default outputPerMillion */
  imageOutputPerMillion?: number | undefined
  /** For each answered request, in addition to its tokens. @default 0 */
  perRequest?: number | undefined
  /**
   * For each use of a tool that the provider runs, by the name under which its usage report counts it, such as
   * `{ web_search_requests: 0.01 }`. A tool that is not named costs as much as the most expensive one. @default tools cost nothing
   */
  perServerToolUse?: Readonly<Record<string, number>> | undefined
  /**
   * Prices of other service tiers, by the name of the tier in the answer (`flex`, `priority`). Each is a factor by which the cost of the
   * tokens is multiplied, or the rates that differ from this price. @default the factors that the provider publishes; a discount applies
   * only at the provider that publishes it
   */
  tiers?: Record<string, number | Omit<Partial<Price>, 'tiers'>> | undefined
}
