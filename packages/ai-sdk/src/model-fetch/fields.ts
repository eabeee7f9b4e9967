import type { JSONObject } from '@ai-sdk/provider'
import { cleanName, isRecord } from '../json.ts'
import { invalid, unsupported } from './request-error.ts'

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
