import type { JSONObject, JSONValue } from '@ai-sdk/provider'
import { invalid, unsupported } from './request-error.ts'

/** A JSON object that is written to an answer. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses JSON. Returns undefined for a text that is not JSON, without an error that would quote it. */
export function parseJson(text: string): JSONValue | undefined {
  try {
    return JSON.parse(text) as JSONValue
  } catch {
    return undefined
  }
}

const NAME = /^[\w.:/-]{1,64}$/

/** Returns a name from a request or a model for an error message or a header; a text that is not a plain name is not repeated. */
export function cleanName(name: unknown): string {
  return typeof name === 'string' && NAME.test(name) ? name : 'other'
}

/**
 * Checks that an object has no fields but the known ones. A field without a value does not count.
 * @param where what the object is, in words, for the refusal
 * @throws RequestError when it has another field, because an unknown field may change the meaning of the request
 */
export function onlyKnown(record: JSONObject, known: ReadonlySet<string>, where: string): void {
  for (const [name, value] of Object.entries(record))
    if (value != null && !known.has(name)) throw unsupported(`${cleanName(name)} in ${where}`)
}

/** Returns a text field. @throws RequestError when it has no text */
export function textIn(record: JSONObject, name: string, where: string): string {
  const value = record[name]
  if (typeof value !== 'string') throw invalid(`${name} in ${where} must be a text.`)
  return value
}

/** Returns an object field. @throws RequestError when it is not an object */
export function recordIn(record: JSONObject, name: string, where: string): JSONObject {
  const value = record[name]
  if (!isRecord(value)) throw invalid(`${name} in ${where} must be an object.`)
  return value
}

/** Returns a finite number; undefined for a field without a value. @throws RequestError for any other value */
export function numberIn(record: JSONObject, name: string): number | undefined {
  const value = record[name]
  if (value == null) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${name} must be a number.`)
  return value
}
