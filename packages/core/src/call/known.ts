import { estimateUsage } from '../protocols/estimate.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import { nativeURLOf } from '../routing/adapt-request.ts'
import type { Plan } from '../targets/routes.ts'
import type { Exchange } from './exchange.ts'

/** What several layers need to know of a request, and is worked out once, when it is first asked for. */
export class Known {
  plan: Plan | undefined
  estimate: TokenUsage | undefined
}

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

/** About how many tokens the call will use. A long request takes a while to walk through. */
export function estimateOf({ known, json = {}, operation }: Exchange): TokenUsage {
  return (known.estimate ??= estimateUsage(json, operation))
}
