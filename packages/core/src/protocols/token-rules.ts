import type { JsonBody } from '../base/json.ts'
import type { TokenUsage } from '../reporting/receipt.ts'

/** Estimates how many tokens requests and answers have. The estimates are upper bounds where possible. */
export interface TokenRules {
  /** Estimates the tokens that a request and its answer may use. */
  estimate(body: JsonBody): TokenUsage
  /**
   * Returns how many thinking tokens must be added to the estimate for a model that thinks even if the request does not ask for it.
   * @default none
   */
  defaultThinkingOf?(body: JsonBody, model: string | undefined): number
  /**
   * Returns how many more input tokens than estimated a request may have, because it refers to video or sound, whose length it does not
   * show, or to what the provider has stored, such as an earlier answer. At most, such a request fills the context window of the model.
   * @param tokensOfAnswer returns the input and output tokens of an answer with this id; undefined if it is not known
   * @default none
   */
  unseenTokensOf?(body: JsonBody, tokensOfAnswer: (id: string) => number | undefined): number
  /** Estimates how many tokens of a model's context window a request needs, including the output limit that it sets. */
  contextOf(body: JsonBody): number
  /** Returns the output limit that the request sets, in tokens; undefined when it sets none. */
  outputLimitOf(body: JsonBody): number | undefined
  /** Returns how many of the input tokens of a call count against the provider's rate limits. @default all of them */
  limitedInputOf?(usage: TokenUsage): number
  /** Estimates the tokens of a whole answer, over all its choices. */
  answerTokens(answer: JsonBody): number
}
