import type { JsonBody } from '../base/json.ts'
import type { PerCall } from '../options/per-call.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { KeyBinding, RequestFacts } from './request-facts.ts'

/** The parts of a request that show which account and which conversation it belongs to. */
export interface Belonging {
  readonly operation?: Operation | undefined
  readonly json?: JsonBody | undefined
  readonly facts?: RequestFacts | undefined
  readonly perCall?: PerCall | undefined
}

export function keyBindingOf(request: Belonging): KeyBinding {
  const { facts } = request
  if (!facts) return readBinding(request)
  return (facts.keyBinding ??= readBinding(request))
}

function readBinding({ operation, json }: Belonging): KeyBinding {
  if (!operation) return 'any'
  if (!operation.portable || !json) return 'first'
  const stored = operation.request.storedWith?.(json)
  return stored === 'uses' ? 'first' : stored === 'makes' ? 'prefers-first' : 'any'
}

/** Returns the name of the conversation that a request belongs to: the `session` of the call, or else what the request itself contains. */
export function conversationOf({ perCall, operation, json }: Belonging): string | undefined {
  if (perCall?.session !== undefined) return perCall.session || undefined
  const format = operation?.request
  if (!format || !json) return undefined
  return format.conversationOf?.(json) ?? format.sessionOf(json)
}
