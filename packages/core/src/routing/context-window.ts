import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { Target } from '../reporting/target.ts'

/**
 * Returns a function that checks whether a request fits into the context window of a target. That function returns the reason why not, in
 * words, or undefined if the request may fit. It estimates the length of the request at most once. Since the length is an estimate, use the
 * result to choose between targets, never to refuse a call.
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
