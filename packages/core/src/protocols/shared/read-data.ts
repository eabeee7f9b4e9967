import { StreamFaultError } from '../../base/errors.ts'
import { isRecord } from '../../base/json.ts'
import type { JsonBody } from '../../base/json.ts'
import { inBandFault, parseEvent } from './in-band-fault.ts'
import type { SseEvent } from '../../wire/sse-event.ts'

/**
 * What an event brings: an object, or the error that the provider reports with it, in whatever form.
 * @throws StreamFaultError `stream_malformed` when it is neither
 */
export function readData(event: SseEvent): JsonBody | StreamFaultError {
  let data: JsonBody
  try {
    data = parseEvent(event)
  } catch (error) {
    return errorIn(event) ?? rethrow(error)
  }
  return inBandFault(event.name, data) ?? data
}

/** Errors that are not objects: a list of them (Gemini), or a text in an event named `error`. */
function errorIn({ name, data = '' }: SseEvent): StreamFaultError | undefined {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    // Cut off, it is no message of the provider's, and may quote the request.
    if (JSON_BEGINS.test(data)) return undefined
    value = data
  }
  if (Array.isArray(value)) {
    const faults = value.map((item) => (isRecord(item) ? inBandFault(name, item) : undefined))
    return faults.find((fault) => fault !== undefined)
  }
  return name === 'error' ? inBandFault(undefined, { error: String(value) }) : undefined
}

/** An object or a list as JSON writes it, unlike words that begin with a bracket, such as `[502] Bad gateway`. */
const JSON_BEGINS = /^\s*(?:\{\s*"|\[\s*["{[])/

function rethrow(error: unknown): never {
  throw error
}
