import type { CountTokens } from '../options/limit-options.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { JsonBody } from '../base/json.ts'
import type { Exchange } from '../call/exchange.ts'
import { estimateOf } from '../call/request-facts.ts'
import { InputCorrection, OutputCorrection } from './correction.ts'

/** The corrections of the estimates for one model, learned from its recent answers. */
interface Correction {
  readonly input: InputCorrection
  readonly output: OutputCorrection
}

/** The estimated usage of a request, in tokens. */
export interface TokenEstimate {
  readonly input: number
  readonly output: number
  /**
   * Says which of the two numbers are estimates: both (`true`), neither (`false`), or the one that is named. An estimate may be wrong, so a
   * request is not refused because an estimate is above a limit.
   */
  readonly estimated: boolean | 'input' | 'output'
}

const MAX_MODELS = 1_000
const NO_CORRECTION: Correction = { input: new InputCorrection(), output: new OutputCorrection() }

/** Estimates the token usage of requests. For each model separately, learns from the usage that answers report. */
export class TokenEstimates {
  readonly #corrections = new Map<string, Correction>()
  readonly #count: CountTokens | undefined

  /** @param count the user's own function that counts input tokens; its results are treated as exact */
  constructor(count: CountTokens | undefined) {
    this.#count = count
  }

  /**
   * Returns the estimated usage of a request.
   * @param model the name of the target of the request
   */
  of(model: string, exchange: Exchange): TokenEstimate {
    const { input, output } = this.#corrections.get(model) ?? NO_CORRECTION
    const { inputTokens, outputTokens } = estimateOf(exchange)
    const counted = this.#count && this.#counted(this.#count, exchange.json ?? {})
    const isOutputGiven = exchange.operation.tokens.outputLimitOf(exchange.json ?? {}) !== undefined
    return {
      input: counted ?? input.of(inputTokens),
      output: output.of(outputTokens),
      estimated: counted === undefined ? (isOutputGiven ? 'input' : true) : isOutputGiven ? false : 'output',
    }
  }

  learn(model: string, exchange: Exchange, usage: TokenUsage): void {
    const estimate = estimateOf(exchange)
    let correction = this.#corrections.get(model)
    if (!correction) {
      if (this.#corrections.size >= MAX_MODELS) this.#corrections.clear()
      correction = { input: new InputCorrection(), output: new OutputCorrection() }
      this.#corrections.set(model, correction)
    }
    correction.input.learn(estimate.inputTokens, usage.inputTokens)
    correction.output.learn(estimate.outputTokens, usage.outputTokens)
  }

  /**
   * Returns the number of input tokens from the user's function; undefined if the function throws, or does not return a number of tokens.
   */
  #counted(count: CountTokens, body: JsonBody): number | undefined {
    try {
      const tokens = count(body)
      return tokens >= 0 && tokens < Infinity ? Math.ceil(tokens) : undefined
    } catch {
      return undefined
    }
  }
}
