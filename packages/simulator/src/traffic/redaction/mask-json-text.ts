import { Buffer } from 'node:buffer'

/** The state after a piece of a JSON text: whether the piece ended inside a string, and whether after a backslash. */
export interface JsonTextState {
  inString: boolean
  escaped: boolean
}

export const newJsonText = (): JsonTextState => ({ inString: false, escaped: false })

/**
 * Redacts JSON that is the content of a JSON string, such as the arguments of a tool call. Strings become `xxx`, numbers and literals
 * `111`. The content may come in the pieces of a stream, which together are JSON again.
 *
 * @param raw the content between the quotes, with its escapes
 * @param state the state after the pieces before; it is updated
 * @returns a text with the same number of bytes
 */
export function maskJsonText(raw: string, state: JsonTextState): string {
  return raw.replaceAll(/\\u[\da-fA-F]{4}|\\[^]|[^]/gu, (unit) => {
    const filled = (character: string) => character.repeat(Buffer.byteLength(unit))
    const character = decoded(unit)
    if (!state.inString) {
      if (character === '"') state.inString = true
      return '"{}[]:, \t\r\n'.includes(character) ? unit : filled('1')
    }
    if (state.escaped) state.escaped = false
    else if (character === '\\') state.escaped = true
    else if (character === '"') {
      state.inString = false
      return unit
    }
    return filled('x')
  })
}

/** Returns the character that an escape means. Only the escapes that matter to the structure of JSON are decoded. */
function decoded(unit: string): string {
  if (unit === String.raw`\n`) return '\n'
  if (unit === String.raw`\t`) return '\t'
  if (unit === String.raw`\r`) return '\r'
  if (unit.startsWith(String.raw`\u`)) return String.fromCharCode(Number.parseInt(unit.slice(2), 16))
  return unit.startsWith('\\') ? unit.slice(1) : unit
}
