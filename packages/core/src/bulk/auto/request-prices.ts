import { OptionError } from '../../base/errors.ts'
import type { JsonBody } from '../../base/json.ts'
import type { Accounts } from '../../cost/accounts.ts'
import { endpointOfUrl, type Endpoint } from '../../protocols/openai/batch-endpoints.ts'
import { asFlex, asWaiting, canBeFlex, canWait } from '../../protocols/openai/slower-variants.ts'
import type { Operation } from '../../protocols/protocol.ts'
import { operationOf } from '../../protocols/registry.ts'
import type { Target } from '../../reporting/target.ts'
import { requestedOf } from '../../targets/plan.ts'
import type { Routes } from '../../targets/routes.ts'
import type { BulkRequest } from '../bulk-request.ts'
import type { BulkRoute } from './bulk-plan.ts'

/** The tier whose price applies on a route; undefined for the usual price. */
const TIER_OF: Readonly<Record<BulkRoute, string | undefined>> = {
  direct: undefined,
  flex: 'flex',
  '2h': 'default:2h',
  '8h': 'default:8h',
  batch: 'batch',
}

/** The highest possible cost of a request on each route that it can take. */
export interface RequestPrices {
  readonly endpoint: Endpoint
  readonly target: Target
  readonly operation: Operation
  /** The estimated tokens, the longest possible answer included. */
  readonly tokens: number
  /** In US dollars, by route. A route that is missing is not possible. Undefined if the price is unknown. */
  readonly usd: ReadonlyMap<BulkRoute, number | undefined>
}

export interface PricingParts {
  readonly accounts: Accounts
  /** The current targets. */
  readonly routes: () => Routes
  readonly baseURL: string
}

const NO_HEADERS = new Headers()

/**
 * Finds the routes that a request can take, and what it may cost on each. A route with a discount is possible only if the discount is known, by the
 * price list or by the option `models`: otherwise nothing is gained.
 *
 * @param allowed the routes that the run may use
 * @throws OptionError for an endpoint that a bulk run does not know
 */
export async function pricesOf(
  request: BulkRequest,
  allowed: readonly BulkRoute[],
  { accounts, routes, baseURL }: PricingParts,
): Promise<RequestPrices> {
  const { url = '/v1/chat/completions' } = request
  const endpoint = endpointOfUrl(url)
  if (endpoint === undefined)
    throw new OptionError(
      'url',
      `url must be /v1/chat/completions, /v1/responses or /v1/embeddings, got ${url}.`,
    )
  const body = request.body as unknown as JsonBody
  const path = `${baseURL}${endpoint.slice('/v1'.length)}`
  const operation = await operationOf('POST', path, body)
  const model = operation.request.modelOf(path, body)
  const { outage } = operation.portable
    ? routes().planFor(model, baseURL, operation)
    : routes().onlyTarget(model, baseURL, operation)
  const target = requestedOf(outage)
  await accounts.loadPricesOf(outage)
  const estimate = operation.tokens.estimate(body)
  const estimated = { operation, json: body, headers: NO_HEADERS, estimate }
  // Any target may take over from the requested one.
  const direct = highestOf(outage.map((each) => accounts.highestCostOf(each, estimated)?.usd))
  const usual = accounts.highestCostAt(target, estimated, undefined)
  const usd = new Map<BulkRoute, number | undefined>([['direct', direct]])
  for (const route of allowed) {
    if (route === 'direct' || !isPossible(route, endpoint, body)) continue
    const cost = accounts.highestCostAt(target, estimated, TIER_OF[route])
    if (route === 'batch' ? cost === undefined || usual !== undefined : isDiscount(cost, usual))
      usd.set(route, cost)
  }
  return { endpoint, target, operation, tokens: estimate.inputTokens + estimate.outputTokens, usd }
}

function highestOf(costs: readonly (number | undefined)[]): number | undefined {
  const known = costs.filter((cost) => cost !== undefined)
  return known.length === costs.length ? Math.max(0, ...known) : undefined
}

function isDiscount(cost: number | undefined, usual: number | undefined): boolean {
  return cost !== undefined && usual !== undefined && cost < usual
}

function isPossible(route: BulkRoute, endpoint: Endpoint, body: JsonBody): boolean {
  if (route === 'flex') return canBeFlex(body, endpoint)
  return route === 'batch' || canWait(body, endpoint)
}

/**
 * Returns the request as it is sent on a route. This is the only place where a route changes a request. With models that have a tier in their name
 * (see the option `models`), `flex` would become such a model here.
 */
export function variantOf(request: BulkRequest, route: BulkRoute): BulkRequest {
  const { body } = request
  if (route === 'flex') return { ...request, body: asFlex(body) } as BulkRequest
  if (route === '2h' || route === '8h') return { ...request, body: asWaiting(body, route) } as BulkRequest
  return request
}
