import type { Exchange } from '../call/exchange.ts'
import type { Plan } from '../targets/routes.ts'
import { nativeURLOf } from './adapt-request.ts'

/** What may serve the call. Operations that continue something at their provider stay there. */
export function planOf(exchange: Exchange): Plan {
  return (exchange.known.plan ??= makePlan(exchange))
}

function makePlan(exchange: Exchange): Plan {
  const { policy, operation, receipt, asked } = exchange
  const { routes } = policy
  const nativeURL = nativeURLOf(exchange)
  if (!operation.portable) return routes.onlyTarget(receipt.model, nativeURL)
  if (asked.fallback === undefined) return routes.planFor(receipt.model, nativeURL)
  return routes.planWith(asked.fallback === false ? [] : asked.fallback, receipt.model, nativeURL)
}
