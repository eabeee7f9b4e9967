import { asObject, asString } from './answers/json.ts'
import type { Route } from './route.ts'
import type { CallFacts, RequestFacts } from './script/fault-picker.ts'
import type { RecordedRequest } from './journal.ts'

/** Returns what the conditions of rules need to know about a call whose request has been read. */
export function requestFacts(request: RecordedRequest): CallFacts & { request: RequestFacts } {
  const { call, at, operation, method, path, stream, model, body } = request
  const { service_tier: tier, serviceTier = tier } = asObject(body)
  return {
    call,
    elapsedMs: at,
    request: { operation, method, path, stream, model, tier: serviceTier, body },
  }
}

/**
 * Returns the model that a request names, and whether it wants a stream. If the URL does not say it, the body decides.
 */
export function wantedBy(route: Route, body: unknown): Pick<RecordedRequest, 'model' | 'stream'> {
  const { model, stream } = asObject(body)
  return {
    model: route.model ?? (asString(model) || undefined),
    stream: route.stream ?? stream === true,
  }
}

/** Parses a JSON body. Returns undefined if it is empty or not JSON. */
export function readBody(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}
