import { asObject } from './answers/json.ts'
import type { CallFacts, RequestFacts } from './script/fault-picker.ts'
import type { RecordedRequest } from './journal.ts'

/** The facts of a call whose request has been read, for rules. */
export function requestFacts(request: RecordedRequest): CallFacts & { request: RequestFacts } {
  const { call, at, operation, method, path, body } = request
  const { stream, model } = asObject(body)
  return {
    call,
    elapsedMs: at,
    request: { operation, method, path, stream: stream === true, model, body },
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
