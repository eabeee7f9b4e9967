import type { BulkRequest } from '../bulk-request.ts'
import type { BulkRoute } from './bulk-plan.ts'
import type { RequestPrices } from './request-prices.ts'

/** One request of a run by deadline. */
export interface AutoItem {
  readonly id: string
  readonly request: BulkRequest
  readonly prices: RequestPrices
  /** The route on which the request is tried first. */
  route: BulkRoute
}

/** The name of the group of an item: the requests of a batch must have the same endpoint and model. */
export function groupOf({ prices: { endpoint, target } }: Pick<AutoItem, 'prices'>): string {
  return `${endpoint} ${target.name}`
}
