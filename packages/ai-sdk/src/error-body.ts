import { isObject, parseJson, type JsonRecord } from './json.ts'

/** The maximum number of characters of a provider's error body that are parsed. */
export const MAX_ERROR_LENGTH = 100_000

/**
 * Returns the body of an error of a provider package. Its field `data` is the second choice, since it has only the fields that the package
 * knows.
 *
 * @returns undefined if neither is an object
 */
export function errorBodyOf({
  data,
  responseBody: text,
}: {
  readonly data?: unknown
  readonly responseBody?: unknown
}): JsonRecord | undefined {
  const parsed = typeof text === 'string' && text.length <= MAX_ERROR_LENGTH ? parseJson(text) : undefined
  // Google sends a list with one error when the request expects a list of answers.
  return [parsed, data].flat().find(isObject)
}
