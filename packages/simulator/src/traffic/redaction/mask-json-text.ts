import { Buffer } from 'node:buffer'

/** Where a JSON text that comes in pieces was left: in a string or not, and after a backslash or not. */
export interface JsonTextState {
  inString: boolean
  escaped: boolean
}

export const newJsonText = (): JsonTextState => ({ inString: false, escaped: false })

/**
 * Redacts JSON that is the content of a JSON string, such as the arguments of a tool, so that the pieces of a stream together are JSON
 * again: strings become `xxx`, numbers and literals `111`.
 *
 * @param raw the content between the quotes, with its escapes
 * @param state of the pieces before; it is changed
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

/** The character that an escape means; only those that matter to the structure. */
function decoded(unit: string): string {
  if (unit === String.raw`\n`) return '\n'
  if (unit === String.raw`\t`) return '\t'
  if (unit === String.raw`\r`) return '\r'
  if (unit.startsWith(String.raw`\u`)) return String.fromCharCode(Number.parseInt(unit.slice(2), 16))
  return unit.startsWith('\\') ? unit.slice(1) : unit
}
