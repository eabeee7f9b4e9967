import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Target } from '../reporting/target.ts'

/**
 * Returns a function that says, in words, why a request seems too long for a target, and returns undefined if the request may fit. The
 * length is estimated only once, and only if the context window of a target is configured. Use the result to choose between targets, never
 * to refuse a call, since it is an estimate.
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
