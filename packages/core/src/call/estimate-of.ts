import { estimateUsage } from '../protocols/estimate.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Exchange } from './exchange.ts'

/** About how many tokens the call will use. A long request takes a while to walk through. */
export function estimateOf({ known, json = {}, operation }: Exchange): TokenUsage {
  return (known.estimate ??= estimateUsage(json, operation))
}
