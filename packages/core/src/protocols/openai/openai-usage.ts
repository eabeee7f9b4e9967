import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import type { UsageReader } from '../shared/delivery.ts'
import { readUsage } from './usage.ts'

/** A higher cost of one call is a mistake of the server that reports it, in US dollars. */
const MAX_COST_USD = 1_000
const TIER = /^[\w.:-]{1,64}$/

/** Reads the `usage` and `service_tier` of OpenAI's answers and chunks. The last report wins, and one that makes no sense leaves none. */
export class OpenAIUsage implements UsageReader {
  usage: TokenUsage | undefined
  serviceTier: string | undefined
  costUsd: number | undefined
  readonly #hasOutput: boolean

  /** @param hasOutput false for embeddings, which have no completion */
  constructor(hasOutput = true) {
    this.#hasOutput = hasOutput
  }

  read(json: JsonBody): boolean {
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

/** With the caller's own key for the provider, the router's cost is its fee alone, and the provider's is reported beside it. */
function costOf(usage: JsonBody): number | undefined {
  const cost = dollarsOf(usage['cost'])
  if (cost === undefined || usage['is_byok'] !== true) return cost
  const details = usage['cost_details']
  return cost + ((isRecord(details) ? dollarsOf(details['upstream_inference_cost']) : undefined) ?? 0)
}

function dollarsOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_COST_USD ? value : undefined
}
