import type { Exchange } from '../call/exchange.ts'
import type { Plan } from '../targets/routes.ts'

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
  if (!operation.portable) return routes.onlyTarget(receipt.model, nativeURL, operation)
  if (perCall.fallback === undefined) return routes.planFor(receipt.model, nativeURL, operation)
  const chain = perCall.fallback === false ? [] : perCall.fallback
  return routes.planWith(chain, receipt.model, nativeURL, operation)
}
