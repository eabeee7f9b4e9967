import { DONE, type SseEvent } from './sse-event.ts'

/**
 * Splits an event that contains several JSON objects. Some servers send such events, because they leave out blank lines or join two writes.
 * @returns one event for each object; undefined if the data is anything but two or more objects
 */
export function separateEvents({ name, data = '', end }: SseEvent): readonly SseEvent[] | undefined {
  const texts = jsonObjectsIn(data)
  if (texts === undefined || texts.length < 2) return undefined
  return texts.map((text) => ({ name, data: text, end, form: 'odd' }))
}

/** Splits a text that consists only of JSON objects, white space and `[DONE]` into these objects. Undefined for any other text. */
function jsonObjectsIn(text: string): string[] | undefined {
  const objects: string[] = []
  let at = 0
  while (at < text.length) {
    if (text.startsWith(DONE, at)) {
      objects.push(DONE)
      at += DONE.length
    } else if (text[at] === '{') {
      const end = endOfObject(text, at)
      if (end === undefined) return undefined
      objects.push(text.slice(at, end))
      at = end
    } else if ((text[at] ?? '').trim() === '') {
      at++
    } else {
      return undefined
    }
  }
  return objects
}

/**
 * Returns the index after the JSON object or list that begins at `start`; undefined if the text ends before the object or list does. Braces
 * inside strings do not count.
 */
export function endOfObject(text: string, start: number): number | undefined {
  let depth = 0
  let inString = false
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return undefined
}
