import type { CountTokens } from '../options/limit-options.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { JsonBody } from '../base/json.ts'
import type { Exchange } from '../call/exchange.ts'
import { estimateOf } from '../call/request-facts.ts'
import { InputCorrection, OutputCorrection } from './correction.ts'

/** How much more or less a model used than was estimated, lately. */
interface Correction {
  readonly input: InputCorrection
  readonly output: OutputCorrection
}

/** What a request will use, in tokens. */
export interface TokenEstimate {
  readonly input: number
  readonly output: number
  /** Which of the numbers are guesses: those may be wrong, so that no request is refused for one above a limit. */
  readonly estimated: boolean | 'input' | 'output'
}

const MOST_MODELS = 1_000
const NONE: Correction = { input: new InputCorrection(), output: new OutputCorrection() }

/** Estimates what requests will use, and gets better by what their answers tell, for each model by itself. */
export class TokenEstimates {
  readonly #corrections = new Map<string, Correction>()
  readonly #count: CountTokens | undefined

  /** @param count the user's own, which is believed */
  constructor(count: CountTokens | undefined) {
    this.#count = count
  }

  /** @param model the name of the target */
  of(model: string, exchange: Exchange): TokenEstimate {
    const { input, output } = this.#corrections.get(model) ?? NONE
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
      if (this.#corrections.size >= MOST_MODELS) this.#corrections.clear()
      correction = { input: new InputCorrection(), output: new OutputCorrection() }
      this.#corrections.set(model, correction)
    }
    correction.input.learn(estimate.inputTokens, usage.inputTokens)
    correction.output.learn(estimate.outputTokens, usage.outputTokens)
  }

  /** What the user's function throws, or what is no number, is as good as nothing. */
  #counted(count: CountTokens, body: JsonBody): number | undefined {
    try {
      const tokens = count(body)
      return tokens >= 0 && tokens < Infinity ? Math.ceil(tokens) : undefined
    } catch {
      return undefined
    }
  }
}
