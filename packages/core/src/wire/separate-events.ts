import { DONE, type SseEvent } from './sse-event.ts'

/**
 * Some servers put several JSON objects into one event, because they leave out the blank lines or join two writes.
 * @returns one event for each of them; undefined when the data is anything else
 */
export function separateEvents({ name, data = '', end }: SseEvent): readonly SseEvent[] | undefined {
  const texts = jsonObjectsIn(data)
  if (texts === undefined || texts.length < 2) return undefined
  return texts.map((text) => ({ name, data: text, end, form: 'odd' }))
}

/** The objects that a text consists of, and nothing else but space and `[DONE]`; undefined for any other text. */
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

/** Where the object or list that begins at `start` ends; its strings may hold braces. */
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
