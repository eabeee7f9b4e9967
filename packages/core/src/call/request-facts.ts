import type { JsonBody } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Plan } from '../targets/plan.ts'

/**
 * The keys of a provider that a request may use. `first`: only the first key, since the request refers to something that is stored at the
 * provider. `prefers-first`: the first key if it is free, since later requests may refer to the answer. `any`: every key.
 */
export type KeyBinding = 'first' | 'prefers-first' | 'any'

/** Facts about a request that several layers need. Each is computed when it is first needed. */
export class RequestFacts {
  plan: Plan | undefined
  estimate: TokenUsage | undefined
  keyBinding: KeyBinding | undefined
}

interface Estimated {
  readonly facts: RequestFacts
  readonly json: JsonBody | undefined
  readonly operation: Operation
}

/** Estimates the tokens of the call. The estimate is computed only once, since that takes a while for a long request. */
export function estimateOf({ facts, json = {}, operation }: Estimated): TokenUsage {
  return (facts.estimate ??= operation.tokens.estimate(json))
}
