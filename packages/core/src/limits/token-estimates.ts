import type { TokenUsage } from '../receipt.ts'
import type { JsonBody } from '../wire/operation.ts'
import type { Exchange } from '../call/exchange.ts'
import { estimateOf } from '../call/known.ts'
import { outputLimitOf } from '../cost/estimate.ts'

/** Counts the tokens of a request's input exactly. */
export type CountTokens = (request: Readonly<Record<string, unknown>>) => number

/** How much more or less a model used than was estimated, lately. */
interface Correction {
  input: number
  output: number
}

/** What a request will use, in tokens. */
export interface TokenEstimate {
  readonly input: number
  readonly output: number
  /** Which of the numbers are guesses: those may be wrong, so that no request is refused for one above a limit. */
  readonly estimated: boolean | 'input' | 'output'
}

const MOST_MODELS = 1_000
/** A correction follows about the last ten answers. */
const WEIGHT = 0.1
const NONE: Readonly<Correction> = { input: 1, output: 1 }

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
    const isOutputGiven = outputLimitOf(exchange.json ?? {}) !== undefined
    return {
      input: counted ?? Math.ceil(inputTokens * input),
      output: Math.ceil(outputTokens * output),
      estimated: counted === undefined ? (isOutputGiven ? 'input' : true) : isOutputGiven ? false : 'output',
    }
  }

  learn(model: string, exchange: Exchange, usage: TokenUsage): void {
    const estimate = estimateOf(exchange)
    const known = this.#corrections.get(model)
    const correction = known ?? { ...NONE }
    correction.input = moved(correction.input, usage.inputTokens, estimate.inputTokens)
    correction.output = moved(correction.output, usage.outputTokens, estimate.outputTokens)
    if (known) return
    if (this.#corrections.size >= MOST_MODELS) this.#corrections.clear()
    this.#corrections.set(model, correction)
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

function moved(correction: number, used: number, estimated: number): number {
  if (estimated === 0) return correction
  return correction + WEIGHT * (used / estimated - correction)
}
