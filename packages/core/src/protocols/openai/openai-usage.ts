import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { joinedReports, type UsageReader } from '../shared/delivery.ts'
import { citesSources, toolUsesOfAnswer, withToolUses } from './server-tools.ts'
import { readUsage } from './usage.ts'

/** The highest plausible cost of one call, in US dollars. A higher one is taken for a mistake of the server and ignored. */
const MAX_COST_USD = 1_000
const TIER = /^[\w.:-]{1,64}$/

/**
 * Reads the `usage` and `service_tier` of OpenAI's answers and chunks. A later report replaces the counts that it has. If a token count is
 * implausible, no usage is reported.
 */
export class OpenAIUsage implements UsageReader {
  usage: TokenUsage | undefined
  costUsd: number | undefined
  readonly #hasOutput: boolean
  #tier: string | undefined
  #window: string | undefined
  #cites = false
  #report: JsonBody | undefined

  /** @param hasOutput false for embeddings, which have no completion */
  constructor(hasOutput = true) {
    this.#hasOutput = hasOutput
  }

  get serviceTier(): string | undefined {
    return this.#window === undefined ? this.#tier : `${this.#tier ?? 'default'}:${this.#window}`
  }

  read(json: JsonBody): boolean {
    const { usage, service_tier: tier } = json
    const inner = isRecord(usage) && tier === undefined ? usage['service_tier'] : tier
    if (typeof inner === 'string' && TIER.test(inner)) this.#tier = inner.toLowerCase()
    this.#window = windowOf(json) ?? this.#window
    // A stream cites its sources before it reports its usage.
    this.#cites ||= citesSources(json['choices'])
    if (!isRecord(usage)) return false
    this.#report = this.#report ? joinedReports(this.#report, usage) : usage
    const tokens = readUsage(this.#report, this.#hasOutput)
    this.usage = tokens && withToolUses(tokens, toolUsesOfAnswer(json, this.#report, this.#cites))
    this.costUsd = costOf(this.#report)
    return Object.entries(usage).some(([name, value]) => name.endsWith('tokens') && value)
  }
}

/**
 * Returns the time within which a background response has to be ready, such as `8h`; undefined if the answer reports none. The price may
 * depend on this time.
 */
function windowOf({ background_options: options }: JsonBody): string | undefined {
  const window = isRecord(options) ? options['completion_window'] : undefined
  return typeof window === 'string' && WINDOW.test(window) ? window : undefined
}

const WINDOW = /^\d{1,3}[hm]$/
/** The units in which xAI reports a cost, in one US dollar: https://docs.x.ai/developers/cost-tracking */
const TICKS_PER_DOLLAR = 1e10

/**
 * Returns the cost that a router, or xAI, reports, in US dollars. If the caller has its own key for the provider behind the router, `cost` is only
 * the router's fee. The provider's cost is then reported separately, and is added.
 */
function costOf(usage: JsonBody): number | undefined {
  const { cost: total, cost_in_usd_ticks: ticks } = usage
  const cost =
    dollarsOf(isRecord(total) ? total['total_cost'] : total) ??
    dollarsOf(typeof ticks === 'number' ? ticks / TICKS_PER_DOLLAR : undefined)
  if (cost === undefined || usage['is_byok'] !== true) return cost
  const details = usage['cost_details']
  return cost + ((isRecord(details) ? dollarsOf(details['upstream_inference_cost']) : undefined) ?? 0)
}

function dollarsOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_COST_USD ? value : undefined
}
