import type { Exchange } from '../call/exchange.ts'
import type { Capability, Target } from '../reporting/target.ts'
import { formatAt, type Provider } from '../targets/providers.ts'

type Request = Pick<Exchange, 'operation' | 'json' | 'streaming'>

/**
 * Why a target can never serve a request, in words; undefined when it can. Its provider may not serve the request's protocol, its endpoint
 * may ignore a parameter that changes the meaning of the answer, or its model may lack a capability.
 */
export function whyUnable(target: Target, provider: Provider, request: Request): string | undefined {
  const { operation, json } = request
  const format = formatAt(provider, operation)
  if (!format) return `its provider does not serve ${operation.protocol}`
  const missing = missingCapability(target, request)
  if (missing !== undefined || provider.native || !json) return missing
  const why = operation.endpoint.whyUnable?.(json, format)
  return why && `it ${why}`
}

/**
 * The first capability, in words, that the request needs and the target lacks. Undefined when the target lacks none, or its capabilities
 * are not configured.
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
