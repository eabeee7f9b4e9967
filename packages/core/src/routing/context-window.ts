import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Target } from '../reporting/target.ts'

/**
 * Returns a function that says why a request seems too long for a target, in words; undefined when it may fit. The length is estimated
 * once, and only if the context window of a target is configured. Since it is an estimate, it may be used to choose between targets, but
 * not to refuse a call.
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
