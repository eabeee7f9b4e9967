import type { TokenUsage } from '../reporting/receipt.ts'
import { isRecord } from '../base/json.ts'
import { readUsage } from './usage.ts'

/** A call that costs more is a mistake of whoever says so, in US dollars. */
const MAX_COST_USD = 1_000
const TIER = /^[\w.:-]{1,64}$/

/** What the bodies of one answer report about its cost: the tokens, the service tier, and sometimes the cost itself. */
export class UsageReport {
  usage: TokenUsage | undefined
  /** In lower case; undefined when none is reported. */
  serviceTier: string | undefined
  /** In US dollars, as routers such as OpenRouter report it. */
  costUsd: number | undefined
  readonly #hasOutput: boolean

  /** @param hasOutput false for embeddings, which have no completion */
  constructor(hasOutput = true) {
    this.#hasOutput = hasOutput
  }

  /**
   * Reads an answer, or a chunk of one: the last report counts, and one that makes no sense leaves none.
   * @returns true when there was a report of tokens
   */
  read(json: Readonly<Record<string, unknown>>): boolean {
    const { usage, service_tier: tier } = json
    if (typeof tier === 'string' && TIER.test(tier)) this.serviceTier = tier.toLowerCase()
    if (!isRecord(usage)) return false
    this.usage = readUsage(usage, this.#hasOutput)
    this.costUsd = costOf(usage)
    const inner = usage['service_tier']
    if (tier === undefined && typeof inner === 'string' && TIER.test(inner))
      this.serviceTier = inner.toLowerCase()
    return true
  }
}

/** With a key of one's own the router's cost is its fee, and the provider's is reported beside it. */
function costOf(usage: Readonly<Record<string, unknown>>): number | undefined {
  const cost = dollarsOf(usage['cost'])
  if (cost === undefined || usage['is_byok'] !== true) return cost
  const details = usage['cost_details']
  return cost + ((isRecord(details) ? dollarsOf(details['upstream_inference_cost']) : undefined) ?? 0)
}

function dollarsOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_COST_USD ? value : undefined
}
