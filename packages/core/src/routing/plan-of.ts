import type { Exchange } from '../call/exchange.ts'
import { ladderOf, planWithLadder } from './ladder.ts'
import type { Plan } from '../targets/plan.ts'

/**
 * Returns the targets that may serve a call. They are computed once for each call. A call that uses state stored at the provider can be
 * served only by the requested target.
 */
export function planOf(exchange: Exchange): Plan {
  return (exchange.facts.plan ??= makePlan(exchange))
}

function makePlan(exchange: Exchange): Plan {
  const { policy, operation, receipt, perCall } = exchange
  const { routes } = policy
  const nativeURL = operation.endpoint.rootOf(exchange.url)
  const { model } = receipt
  if (!operation.portable) return routes.onlyTarget(model, nativeURL, operation)
  const { fallback, prefer } = perCall
  const plan =
    fallback === undefined
      ? routes.planFor(model, nativeURL, operation)
      : routes.planWith(fallback === false ? [] : fallback, model, nativeURL, operation)
  const ladder = prefer === 'cheapest' ? ladderOf(routes, model, nativeURL, operation) : undefined
  return ladder ? planWithLadder(plan, ladder) : plan
}
