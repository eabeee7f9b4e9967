import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import type { UsageReader } from '../shared/delivery.ts'
import { readUsage } from './usage.ts'

/** The highest plausible cost of one call, in US dollars. A higher one is taken for a mistake of the server and ignored. */
const MAX_COST_USD = 1_000
const TIER = /^[\w.:-]{1,64}$/

/**
 * Reads the `usage` and `service_tier` of OpenAI's answers and chunks. The last report replaces earlier ones; if it is implausible, no
 * usage is reported.
 */
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

/**
 * The cost that a router reports, in US dollars. If the caller brought its own key for the provider behind the router, `cost` is only the
 * router's fee, and the provider's cost, which is reported separately, is added.
 */
function costOf(usage: JsonBody): number | undefined {
  const cost = dollarsOf(usage['cost'])
  if (cost === undefined || usage['is_byok'] !== true) return cost
  const details = usage['cost_details']
  return cost + ((isRecord(details) ? dollarsOf(details['upstream_inference_cost']) : undefined) ?? 0)
}

function dollarsOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_COST_USD ? value : undefined
}
