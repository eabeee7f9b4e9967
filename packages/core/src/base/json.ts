/** The parsed JSON body of a request or an answer. */
export type JsonBody = Readonly<Record<string, unknown>>

/** Whether a parsed value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A function that parses a JSON text, such as `JSON.parse`, which is used by default. */
type Parse = (text: string) => unknown

/** Parses a JSON text. Returns undefined if it is not valid JSON. */
export function parseJson(text: string, parse: Parse = JSON.parse): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** Parses a JSON text that contains an object. Returns undefined for any other value and for invalid JSON. */
export function parseRecord(text: string, parse?: Parse): JsonBody | undefined {
  const value = parseJson(text, parse)
  return isRecord(value) ? value : undefined
}
