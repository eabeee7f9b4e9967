import { isRecord, type Facts } from './facts.ts'

/** The maximum length of a message that is parsed, in characters. */
const MAX_LENGTH = 65_536
/** The maximum number of bodies nested in each other. Nesting occurs when a gateway quotes the error of the provider in its own. */
const MAX_NESTED = 3

/**
 * Returns the body of an HTTP error that a client has put into the message of its error, as `@google/genai` does. The message may have
 * other text before the JSON. If the message of the body contains another body, returns the innermost one.
 *
 * @returns undefined for a message without a body
 */
export function bodyInMessage(message: unknown): Facts | undefined {
  let body: Facts | undefined
  let text = message
  for (let depth = 0; depth < MAX_NESTED; depth++) {
    const inner = parsed(text)
    if (!inner) break
    body = inner
    text = isRecord(inner.error) ? inner.error.message : undefined
  }
  return body
}

/**
 * Returns the JSON object at the end of a text, if it has an `error` field. If the JSON is an array, as Google sends when the request
 * expects a list of answers, returns its first item.
 */
function parsed(text: unknown): Facts | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined
  const start = text.search(/[[{]/)
  if (start === -1) return undefined
  try {
    const value: unknown = JSON.parse(text.slice(start))
    const first: unknown = Array.isArray(value) ? value[0] : value
    return isRecord(first) && isRecord(first.error) ? first : undefined
  } catch {
    return undefined
  }
}
