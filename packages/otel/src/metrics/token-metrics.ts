import { guarded } from '../guarded.ts'
import type { Usage } from '../observed.ts'
import type { Settings } from '../options.ts'
import type { EndedCall } from './ended-call.ts'
import type { Instruments } from './instruments.ts'
import type { MetricAttributes } from './metric-attributes.ts'

/** Records the tokens of calls: those of answers, and those that were wasted. */
export class TokenMetrics {
  readonly #semconv: Settings['semconv']
  readonly #attributes: MetricAttributes

  constructor(semconv: Settings['semconv'], attributes: MetricAttributes) {
    this.#semconv = semconv
    this.#attributes = attributes
  }

  /** Records the tokens of a call that has ended, and that no other call counts. */
  ended(to: Instruments, call: EndedCall): void {
    guarded(() => this.#addWaste(to, call))
    const { usage } = call.receipt
    if (usage) guarded(() => this.#addTokens(to, call, usage))
  }

  /** Counts the tokens that are billed, or may be, and whose answer the caller did not get. */
  #addWaste(to: Instruments, { receipt, request, context }: EndedCall): void {
    const { outcome, usage, billedTokens, possiblyBilledTokens } = receipt
    const add = (source: string, tokens: number | undefined): void => {
      if (!(tokens !== undefined && tokens > 0 && tokens < Infinity)) return
      const attributes = this.#attributes.ofCall(receipt, request, { 'harbor.tokens.source': source })
      to.counter('harbor.tokens.wasted').add(tokens, attributes, context)
    }
    add('estimated', possiblyBilledTokens)
    if (outcome === 'success') return
    if (billedTokens) add(billedTokens.source, billedTokens.count)
    else if (usage) add('reported', usage.inputTokens + usage.outputTokens)
  }

  #addTokens(to: Instruments, { receipt, request, context }: EndedCall, usage: Usage): void {
    const attributes = this.#attributes.ofCall(receipt, request, {})
    const input = usage.inputTokens
    const output = usage.outputTokens
    if (this.#semconv === '1.41') {
      const histogram = to.histogram('gen_ai.client.token.usage')
      for (const [type, tokens] of [
        ['input', input],
        ['output', output],
      ] as const)
        histogram.record(
          tokens,
          this.#attributes.ofCall(receipt, request, { 'gen_ai.token.type': type }),
          context,
        )
      return
    }
    const add = (what: TokenKind, tokens: number): void => {
      if (tokens > 0)
        to.counter(`gen_ai.client.inference.usage.${what}_tokens`).add(tokens, attributes, context)
    }
    add('input', input)
    add('output', output)
    add('cache_read.input', usage.cachedInputTokens)
    add('cache_write.input', usage.cacheWriteInputTokens)
    add('reasoning.output', usage.reasoningTokens)
  }
}

type TokenKind = 'input' | 'output' | 'cache_read.input' | 'cache_write.input' | 'reasoning.output'
