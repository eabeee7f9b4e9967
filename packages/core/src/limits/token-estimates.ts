import type { TokenUsage } from '../receipt.ts'
import type { JsonBody, Operation } from '../wire/operation.ts'
import { estimateUsage } from '../cost/estimate.ts'

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
}

const MOST_MODELS = 1_000
/** A correction follows about the last ten answers. */
const WEIGHT = 0.1
const NONE: Readonly<Correction> = { input: 1, output: 1 }

/** Estimates what requests will use, and gets better by what their answers tell, for each model by itself. */
export class TokenEstimates {
  readonly #corrections = new Map<string, Correction>()
  readonly #count: CountTokens | undefined
  /** A long request takes a while to walk through, and is asked about more than once. */
  readonly #walked = new WeakMap<JsonBody, TokenUsage>()

  /** @param count the user's own, which is believed */
  constructor(count: CountTokens | undefined) {
    this.#count = count
  }

  /** @param model the name of the target */
  of(model: string, body: JsonBody, operation: Operation): TokenEstimate {
    const { input, output } = this.#corrections.get(model) ?? NONE
    const { inputTokens, outputTokens } = this.#walk(body, operation)
    const counted = this.#counted(body)
    return { input: counted ?? Math.ceil(inputTokens * input), output: Math.ceil(outputTokens * output) }
  }

  learn(model: string, body: JsonBody, operation: Operation, usage: TokenUsage): void {
    const estimate = this.#walk(body, operation)
    const known = this.#corrections.get(model)
    const correction = known ?? { ...NONE }
    correction.input = moved(correction.input, usage.inputTokens, estimate.inputTokens)
    correction.output = moved(correction.output, usage.outputTokens, estimate.outputTokens)
    if (known) return
    if (this.#corrections.size >= MOST_MODELS) this.#corrections.clear()
    this.#corrections.set(model, correction)
  }

  #walk(body: JsonBody, operation: Operation): TokenUsage {
    let usage = this.#walked.get(body)
    if (!usage) this.#walked.set(body, (usage = estimateUsage(body, operation)))
    return usage
  }

  /** What the user's function throws, or what is no number, is as good as nothing. */
  #counted(body: JsonBody): number | undefined {
    try {
      const tokens = this.#count?.(body)
      return tokens !== undefined && tokens >= 0 && tokens < Infinity ? Math.ceil(tokens) : undefined
    } catch {
      return undefined
    }
  }
}

function moved(correction: number, used: number, estimated: number): number {
  if (estimated === 0) return correction
  return correction + WEIGHT * (used / estimated - correction)
}
