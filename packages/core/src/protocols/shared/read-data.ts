import { StreamFaultError } from '../../base/errors.ts'
import { isRecord } from '../../base/json.ts'
import type { JsonBody } from '../../base/json.ts'
import { inBandFault, parseEvent } from './in-band-fault.ts'
import type { SseEvent } from '../../wire/sse-event.ts'

/** A function that finds the error that an event reports, as `inBandFault` does. */
type FaultFinder = typeof inBandFault

/**
 * Parses the data of an event.
 * @param faultIn finds the error that an event reports; by default, in any of the known forms
 * @returns the data as an object, or the error that the provider reports in the event, in any form
 * @throws StreamFaultError `stream_malformed` when the data is neither
 */
export function readData(event: SseEvent, faultIn: FaultFinder = inBandFault): JsonBody | StreamFaultError {
  let data: JsonBody
  try {
    data = parseEvent(event)
  } catch (error) {
    return errorIn(event, faultIn) ?? rethrow(error)
  }
  return faultIn(event.name, data) ?? data
}

/** Returns the error in data that is not an object: in a list of errors (Gemini), or as a text in an event named `error`. */
function errorIn({ name, data = '' }: SseEvent, faultIn: FaultFinder): StreamFaultError | undefined {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    // JSON that was cut off is not a provider's message, and may quote the request.
    if (JSON_BEGINS.test(data)) return undefined
    value = data
  }
  if (Array.isArray(value)) {
    const faults = value.map((item) => (isRecord(item) ? faultIn(name, item) : undefined))
    return faults.find((fault) => fault !== undefined)
  }
  return name === 'error' ? faultIn(undefined, { error: String(value) }) : undefined
}

/** Matches the beginning of a JSON object or list, but not words that begin with a bracket, such as `[502] Bad gateway`. */
const JSON_BEGINS = /^\s*(?:\{\s*"|\[\s*["{[])/

function rethrow(error: unknown): never {
  throw error
}
