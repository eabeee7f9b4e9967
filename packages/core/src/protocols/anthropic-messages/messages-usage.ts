import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import type { ModelUse } from '../../reporting/token-usage.ts'
import { joinedReports, type UsageReader } from '../shared/delivery.ts'
import { toolUsesIn, type ToolUses } from '../shared/tool-uses.ts'
import { priceTierOf, tierFieldsOf, type TierFields } from './price-tier.ts'
import { countOf, countsIn, modelIn, stepsIn, tokensByModel, tokensOf, type Counts } from './usage-counts.ts'

/**
 * Reads the usage of a message, or of the events of its stream. `message_start` reports the input; `message_delta` reports the totals so
 * far. A later count replaces an earlier one, unless it is 0, null or missing. No usage is reported if the input or output is missing or
 * cannot be right.
 */
export class MessagesUsage implements UsageReader {
  readonly costUsd = undefined
  #totals: Counts = {}
  #steps: readonly Counts[] = []
  #thinking = 0
  #toolUses: ToolUses
  #tier: TierFields = tierFieldsOf({})
  #model: string | undefined

  get serviceTier(): string | undefined {
    return priceTierOf(this.#tier)
  }

  get usage(): TokenUsage | undefined {
    const tokens = tokensOf(this.#totals, this.#steps)
    if (!tokens) return undefined
    const hasTools = this.#toolUses !== undefined && Object.keys(this.#toolUses).length > 0
    return {
      ...tokens,
      audioInputTokens: 0,
      reasoningTokens: Math.min(this.#thinking, tokens.outputTokens),
      audioOutputTokens: 0,
      ...(hasTools && { serverToolUses: this.#toolUses }),
    }
  }

  /**
   * The models that the message names, with the part of its usage that each has made: the models of its steps or, if these name none, the
   * model of the message.
   */
  get modelUses(): readonly ModelUse[] {
    const { usage } = this
    const byModel = [...tokensByModel(this.#steps)]
    if (byModel.length > 0)
      return byModel.map(([model, tokens]) => ({
        model,
        usage: { ...NO_OTHER_TOKENS, ...tokens },
        isStep: true,
      }))
    return usage && this.#model !== undefined ? [{ model: this.#model, usage, isStep: false }] : []
  }

  read(json: JsonBody): boolean {
    this.#model ??= modelIn(isRecord(json['message']) ? json['message']['model'] : json['model'])
    const { message, usage = isRecord(message) ? message['usage'] : undefined } = json
    if (!isRecord(usage)) return false
    const { output, ...input } = countsIn(usage)
    // The classes of the input are one count: one of them may be 0, where another has what it had.
    if (Object.values(input).some((count) => typeof count === 'number' && count !== 0))
      this.#totals = { ...this.#totals, ...input }
    this.#totals = joinedReports(this.#totals, { output })
    if (Array.isArray(usage['iterations'])) this.#steps = stepsIn(usage['iterations'])
    const details = usage['output_tokens_details']
    const thinking = countOf(isRecord(details) ? details['thinking_tokens'] : undefined)
    if (thinking !== undefined) this.#thinking = thinking || 0
    this.#toolUses = toolUsesIn(usage['server_tool_use']) ?? this.#toolUses
    const { tier, speed, region } = tierFieldsOf(usage)
    this.#tier = {
      tier: tier ?? this.#tier.tier,
      speed: speed ?? this.#tier.speed,
      region: region ?? this.#tier.region,
    }
    return output !== undefined && output !== 0
  }
}

const NO_OTHER_TOKENS = { audioInputTokens: 0, reasoningTokens: 0, audioOutputTokens: 0 }
