import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Target } from '../reporting/target.ts'

/**
 * Tells why a request is too long for a target, as far as can be told before it is sent; undefined when it may fit. The
 * request is measured once, and only if some target's length is known. Being an estimate, it may steer but never refuse.
 */
export function contextFit(
  { tokens }: Operation,
  json: JsonBody | undefined,
): (target: Target) => string | undefined {
  let wanted: number | undefined
  return ({ contextTokens }) => {
    if (contextTokens === undefined || !json) return undefined
    wanted ??= tokens.contextOf(json)
    if (wanted <= contextTokens) return undefined
    return `about ${wanted} tokens are more than its ${contextTokens}`
  }
}
