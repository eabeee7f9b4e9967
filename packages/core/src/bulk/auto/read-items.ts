import { DuplicateIdError, type BulkSource } from '@harbor/batch'
import type { OpenAI } from 'openai'
import type { Accounts } from '../../cost/accounts.ts'
import type { Labels } from '../../reporting/labels.ts'
import type { QuotaStats } from '../../reporting/quota-stats.ts'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { BulkRequest } from '../bulk-request.ts'
import { checkRequest, idOf } from '../direct-bulk.ts'
import type { AutoItem } from './auto-item.ts'
import { BULK_ROUTES } from './bulk-plan.ts'
import { pricesOf, type PricingParts } from './request-prices.ts'
import type { RunMoneyParts } from './run-money.ts'

/** The parts of a client that a run by deadline needs. */
export interface AutoParts extends PricingParts, RunMoneyParts {
  readonly client: OpenAI
  readonly accounts: Accounts
  readonly labels: Labels
  /** Returns the limits of each quota group. */
  readonly quotas: () => Readonly<Record<string, QuotaStats>>
}

/**
 * Reads all requests of a source, with the prices of their routes.
 * @returns the requests in their order, and the number of duplicates that were left out
 * @throws OptionError for a request that a bulk run cannot send; DuplicateIdError for an id that came before, unless duplicates are left out
 */
export async function readItems(
  parts: AutoParts,
  source: BulkSource<BulkRequest>,
  { id: idFor = idOf, onDuplicateId, routes = BULK_ROUTES }: HarborBulkOptions,
): Promise<{ readonly items: readonly AutoItem[]; readonly skipped: number }> {
  const seen = new Map<string, number>()
  const items: AutoItem[] = []
  let index = 0
  let skipped = 0
  for await (const request of source as AsyncIterable<BulkRequest>) {
    checkRequest(request)
    const place = index++
    const id = idFor(request, place)
    const first = seen.get(id)
    if (first !== undefined) {
      if (onDuplicateId !== 'skip') throw new DuplicateIdError(id, first, place)
      skipped++
      continue
    }
    seen.set(id, place)
    items.push({ id, request, prices: await pricesOf(request, routes, parts), route: 'direct' })
  }
  return { items, skipped }
}

/** Returns the number of requests per millisecond that the known rate limits allow; Infinity if none is known. */
export function limitPerMs({ quotas }: Pick<AutoParts, 'quotas'>, items: readonly AutoItem[]): number {
  const [first] = items
  if (!first) return Infinity
  const group = quotas()[first.prices.target.quotaGroup]
  if (!group) return Infinity
  const tokens = items.reduce((sum, { prices }) => sum + prices.tokens, 0) / items.length
  let perMs = Infinity
  for (const [kind, { limit, windowMs }] of Object.entries(group.rate.limits)) {
    const perRequest = /request/i.test(kind) ? 1 : Math.max(1, tokens)
    perMs = Math.min(perMs, limit / windowMs / perRequest)
  }
  return perMs
}
