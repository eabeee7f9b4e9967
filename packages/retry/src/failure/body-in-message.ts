/** The longest message that is parsed, in characters. */
const MAX_LENGTH = 65_536
/** How many bodies may be nested in each other: a gateway's error may quote the provider's error. */
const MAX_NESTED = 3

type Facts = Readonly<Record<string, unknown>>

/**
 * The body of an error answer that a client has put into the message of its error, as `@google/genai` does: the JSON alone, or after some
 * words. If the body quotes another one in its own message, the inner body is returned.
 *
 * @returns undefined for an ordinary message
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

/** The first object in a text that ends with JSON. Google sends a list with one error where it would send a list of answers. */
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

function isRecord(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
