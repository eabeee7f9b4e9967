import { asObject, asString } from './answers/json.ts'
import type { Route } from './route.ts'
import type { CallFacts, RequestFacts } from './script/fault-picker.ts'
import type { RecordedRequest } from './journal.ts'

/** The facts of a call whose request has been read, for rules. */
export function requestFacts(request: RecordedRequest): CallFacts & { request: RequestFacts } {
  const { call, at, operation, method, path, stream, model, body } = request
  const { service_tier: tier, serviceTier = tier } = asObject(body)
  return {
    call,
    elapsedMs: at,
    request: { operation, method, path, stream, model, tier: serviceTier, body },
  }
}

/** The model and the kind of answer that a request wants: what the URL does not say, the body does. */
export function wantedBy(route: Route, body: unknown): Pick<RecordedRequest, 'model' | 'stream'> {
  const { model, stream } = asObject(body)
  return {
    model: route.model ?? (asString(model) || undefined),
    stream: route.stream ?? stream === true,
  }
}

/** A JSON body, parsed; undefined if there is none or it is not JSON. */
export function readBody(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}
