import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { Used } from './cost-of-use.ts'

/** A request whose highest possible cost is needed, at one target or at several. */
export interface EstimatedRequest {
  readonly operation: Pick<Operation, 'request' | 'tokens'>
  readonly json: JsonBody | undefined
  /** The estimate of its tokens, in which the number of each class, such as cached input, is an upper bound. */
  readonly estimate: TokenUsage
}

/**
 * Returns what a request may use at most at a target. That depends on the model of the target, since some models think although the request
 * does not ask for it.
 */
export function highestUse({ operation, json = {}, estimate }: EstimatedRequest, { model }: Target): Used {
  const thinking = operation.tokens.defaultThinkingOf?.(json, model) ?? 0
  const usage: TokenUsage = {
    ...estimate,
    outputTokens: estimate.outputTokens + thinking,
    reasoningTokens: estimate.reasoningTokens + thinking,
  }
  return { usage, wantedTier: operation.request.serviceTierOf(json), isEstimate: true }
}
