import type { Exchange } from '../call/exchange.ts'
import type { Capability, Target } from '../reporting/target.ts'
import { formatAt, type Provider } from '../targets/providers.ts'
import { withParams } from '../targets/variant.ts'

type Request = Pick<Exchange, 'operation' | 'json' | 'streaming'>

/**
 * Returns, in words, why a target can never serve a request; undefined if it can. There are three reasons: the provider does not serve the
 * request's protocol, the endpoint may ignore a parameter that changes the meaning of the answer, or the model may lack a capability.
 */
export function whyUnable(target: Target, provider: Provider, request: Request): string | undefined {
  const { operation } = request
  const json = request.json && withParams(target, request.json, operation)
  const format = formatAt(provider, operation)
  if (!format) return `its provider does not serve ${operation.protocol}`
  const missing = missingCapability(target, json === request.json ? request : { ...request, json })
  if (missing !== undefined || provider.native || !json) return missing
  const why = operation.endpoint.whyUnable?.(json, format)
  return why && `it ${why}`
}

/**
 * Returns, in words, the first capability that the request needs and the target lacks. Undefined if the target lacks none, or if its
 * capabilities are not configured.
 */
export function missingCapability({ capabilities }: Target, request: Request): string | undefined {
  if (!capabilities) return undefined
  const missing = needsOf(request).find((need) => !capabilities.includes(need))
  return missing && `it is not said to be capable of ${missing}`
}

function needsOf({ operation, json, streaming }: Request): readonly Capability[] {
  const needs = json ? operation.request.needsOf(json) : []
  return streaming ? ['stream', ...needs] : needs
}
