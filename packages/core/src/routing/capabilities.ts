import type { Exchange } from '../call/exchange.ts'
import type { Capability, Target } from '../reporting/target.ts'

type Request = Pick<Exchange, 'operation' | 'json' | 'streaming'>

/**
 * The capability that the request needs and the target lacks, in words; undefined when it lacks none, or its capabilities are not
 * configured.
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
