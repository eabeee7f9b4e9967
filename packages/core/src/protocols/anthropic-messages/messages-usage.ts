import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import type { UsageReader } from '../shared/delivery.ts'
import { countOf, countsIn, stepsIn, tokensOf, toolUsesIn, type Counts } from './message-tokens.ts'

const WORD = /^[\w.-]{1,32}$/
/** The values of `inference_geo` that do not change the price. */
const ANYWHERE = new Set(['global', 'not_available'])

/**
 * Reads the usage of a message, or of the events of its stream. `message_start` reports the input, `message_delta` the totals so far: a
 * later count replaces an earlier one, and one that is null or missing leaves it unchanged. If the input or output cannot be right, no usage
 * is reported.
 */
export class MessagesUsage implements UsageReader {
  serviceTier: string | undefined
  readonly costUsd = undefined
  #totals: Counts = {}
  #steps: readonly Counts[] = []
  #thinking = 0
  #toolUses: TokenUsage['serverToolUses']
  #tier: string | undefined
  #isFast = false
  #geo: string | undefined

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

  read(json: JsonBody): boolean {
    const { message, usage = isRecord(message) ? message['usage'] : undefined } = json
    if (!isRecord(usage)) return false
    this.#totals = { ...this.#totals, ...countsIn(usage) }
    if (Array.isArray(usage['iterations'])) this.#steps = stepsIn(usage['iterations'])
    const details = usage['output_tokens_details']
    const thinking = countOf(isRecord(details) ? details['thinking_tokens'] : undefined)
    if (thinking !== undefined) this.#thinking = thinking || 0
    this.#toolUses = toolUsesIn(usage['server_tool_use']) ?? this.#toolUses
    this.#readTier(usage)
    return true
  }

  /**
   * The tier is what the price depends on: `fast` for the fast mode, else the tier itself. A region in which the answer had to be made
   * follows it: `standard:us`.
   */
  #readTier({ service_tier: tier, speed, inference_geo: geo }: JsonBody): void {
    if (isWord(tier)) this.#tier = tier.toLowerCase()
    if (isWord(speed)) this.#isFast = speed === 'fast'
    if (isWord(geo)) this.#geo = geo.toLowerCase()
    const name = this.#isFast ? 'fast' : this.#tier
    const isAnywhere = this.#geo === undefined || ANYWHERE.has(this.#geo)
    this.serviceTier = isAnywhere ? name : `${name ?? 'standard'}:${this.#geo}`
  }
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
