import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import type { UsageReader } from '../shared/delivery.ts'
import { readUsage } from './usage.ts'

/** The highest plausible cost of one call, in US dollars. A higher one is taken for a mistake of the server and ignored. */
const MAX_COST_USD = 1_000
const TIER = /^[\w.:-]{1,64}$/

/**
 * Reads the `usage` and `service_tier` of OpenAI's answers and chunks. Only the last report counts: if its token counts are implausible, no
 * usage is reported.
 */
export class OpenAIUsage implements UsageReader {
  usage: TokenUsage | undefined
  costUsd: number | undefined
  readonly #hasOutput: boolean
  #tier: string | undefined
  #window: string | undefined

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
    if (!isRecord(usage)) return false
    const tokens = readUsage(usage, this.#hasOutput)
    const serverToolUses = tokens && serverToolUsesIn(json['output'])
    this.usage = serverToolUses ? { ...tokens, serverToolUses } : tokens
    this.costUsd = costOf(usage)
    return true
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
/** The tools whose uses OpenAI charges: the type of their items in an output, and the name under which the uses are counted. */
const PAID_TOOLS: ReadonlyMap<unknown, string> = new Map([
  ['web_search_call', 'web_search_requests'],
  ['file_search_call', 'file_search_requests'],
])
/** The actions of a web search that are free, because they only read a page that was found before. */
const FREE_ACTIONS = new Set<unknown>(['open_page', 'find_in_page'])

/** Counts how often a response used the tools that OpenAI runs and charges; undefined if it used none. */
function serverToolUsesIn(output: unknown): TokenUsage['serverToolUses'] {
  if (!Array.isArray(output)) return undefined
  let uses: Record<string, number> | undefined
  for (const item of output as readonly unknown[]) {
    const name = isRecord(item) ? PAID_TOOLS.get(item['type']) : undefined
    if (!isRecord(item) || name === undefined) continue
    const { action } = item
    if (isRecord(action) && FREE_ACTIONS.has(action['type'])) continue
    uses = { ...uses, [name]: (uses?.[name] ?? 0) + 1 }
  }
  return uses
}

/**
 * Returns the cost that a router reports, in US dollars. If the caller has its own key for the provider behind the router, `cost` is only
 * the router's fee. The provider's cost is then reported separately, and is added.
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
