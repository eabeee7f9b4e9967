import type { CountTokens } from '../options/limit-options.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { JsonBody } from '../base/json.ts'
import type { Exchange } from '../call/exchange.ts'
import { estimateOf } from '../call/request-facts.ts'
import { InputCorrection, OutputCorrection } from './correction.ts'

/** The corrections for one model, learned from its recent answers. */
interface Correction {
  readonly input: InputCorrection
  readonly output: OutputCorrection
}

/** The estimated usage of a request, in tokens. */
export interface TokenEstimate {
  readonly input: number
  readonly output: number
  /**
   * Says which of the two numbers are estimates: both (`true`), none (`false`), or one. Since an estimate may be wrong, no request is
   * refused because its estimate is above a limit.
   */
  readonly estimated: boolean | 'input' | 'output'
}

const MAX_MODELS = 1_000
const NO_CORRECTION: Correction = { input: new InputCorrection(), output: new OutputCorrection() }

/** Estimates the token usage of requests. Learns from the usage that answers report, for each model separately. */
export class TokenEstimates {
  readonly #corrections = new Map<string, Correction>()
  readonly #count: CountTokens | undefined

  /** @param count the user's own function for counting input tokens; its results are treated as exact */
  constructor(count: CountTokens | undefined) {
    this.#count = count
  }

  /**
   * The estimated usage of a request.
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

  /** The input tokens, counted by the user's function. Undefined if the function throws, or returns anything but a number of tokens. */
  #counted(count: CountTokens, body: JsonBody): number | undefined {
    try {
      const tokens = count(body)
      return tokens >= 0 && tokens < Infinity ? Math.ceil(tokens) : undefined
    } catch {
      return undefined
    }
  }
}
