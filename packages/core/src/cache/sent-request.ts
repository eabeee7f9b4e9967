import type { JsonBody } from '../base/json.ts'
import type { Exchange } from '../call/exchange.ts'
import { namingModel } from '../protocols/shared/variant-fields.ts'
import type { Plan } from '../targets/plan.ts'
import { withParams } from '../targets/variant.ts'

/** A request as the cache key contains it. */
export interface SentRequest {
  readonly json: JsonBody
  readonly url: string
  /** The part of the key that separates calls which may wait; empty for other calls. */
  readonly variant: string
}

/**
 * Returns a request as it is sent: a variant is replaced by its model and its parameters, so that the key does not depend on its name. Calls that may
 * wait share answers with calls of the same deadline only. Another call would otherwise wait with them, and one with less time would miss its deadline.
 */
export function sentRequest(
  { json = {}, url, operation, receipt, perCall, policy }: Exchange,
  { ladder, outage }: Plan,
): SentRequest {
  const variant = ladder && perCall.prefer ? `\n${perCall.prefer} ${policy.totalMs}` : ''
  const requested = ladder?.requested ?? outage[0]
  if (!requested?.params || requested.model === undefined) return { json, url, variant }
  const body = withParams(ladder?.standard ?? requested, json, operation)
  const isQualified = receipt.model?.startsWith(`${requested.provider}/`) === true
  const model = isQualified ? `${requested.provider}/${requested.model}` : requested.model
  return {
    json: namingModel(body, model),
    url: operation.endpoint.withModel(url, receipt.model, model),
    variant,
  }
}
