import type { JSONObject, JSONValue } from '@ai-sdk/provider'

/** A JSON object that is written to an answer. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** Whether a value has properties. */
export function isObject(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null
}

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is JSONObject {
  return isObject(value) && !Array.isArray(value)
}

/** Parses JSON. Returns undefined for a text that is not JSON, without an error that would quote it. */
export function parseJson(
  text: string,
  parse: (text: string) => unknown = JSON.parse,
): JSONValue | undefined {
  try {
    return parse(text) as JSONValue
  } catch {
    return undefined
  }
}

const NAME = /^[\w.:/-]{1,64}$/

/** Returns a name from a request or a model for an error message or a header; a text that is not a plain name is not repeated. */
export function cleanName(name: unknown): string {
  return typeof name === 'string' && NAME.test(name) ? name : 'other'
}

const WORD = /^[\w.:-]{1,64}$/

/** Returns a value that is a plain word, such as an error code; undefined for any other value. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value : undefined
}
