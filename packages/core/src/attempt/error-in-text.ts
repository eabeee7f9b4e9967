import { isRecord } from '../wire/json.ts'
import { endOfObject } from '../stream/separate-events.ts'

/**
 * Searches a body that brought no answer for an error, wherever a server may have put it: the body itself, a list, the data of an
 * event, an `error:` field, a line of its own. So it is judged like its twin in a JSON body.
 * @returns the error, or undefined when there is none
 */
export function errorInText(text: string): unknown {
  const whole = parse(text)
  if (whole !== undefined) return errorIn(whole)
  for (const { value, isError } of valuesIn(text)) {
    const error = errorIn(value) ?? (isError ? value : undefined)
    if (error !== undefined) return error
  }
  const [, words] = PLAIN_ERROR.exec(text) ?? []
  return words === undefined ? undefined : { message: words.trim() }
}

/** The error that a JSON value reports, if it reports one. */
function errorIn(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const item of value) {
      const error = errorIn(item)
      if (error !== undefined) return error
    }
    return undefined
  }
  if (!isRecord(value)) return undefined
  if (value['error']) return value['error']
  return value['object'] === 'error' || value['type'] === 'error' ? value : undefined
}

const FIELD = /^[ \t]*(\w+)[ \t]*:[ \t]?(?=[\s[{"])/
const PLAIN_ERROR = /^[ \t]*error:[ \t]*(\S.*)$/im

/** The objects in a text that is more than one of them, and whether their field or the event's name says that they are errors. */
function* valuesIn(text: string): Generator<{ value: unknown; isError: boolean }> {
  let isErrorEvent = false
  const lines = text.split(/\r\n|\n|\r/)
  for (const [index, line] of lines.entries()) {
    if (line === '') isErrorEvent = false
    if (/^\s*event:\s*error\s*$/.test(line)) isErrorEvent = true
    const field = FIELD.exec(line)
    const start = field ? field[0].length : 0
    const first = line.slice(start).trimStart()[0]
    if (first !== '{' && first !== '[') continue
    // An object may take more than one line.
    const rest = [line.slice(start), ...lines.slice(index + 1, index + MAX_LINES)]
      .map(withoutField)
      .join('\n')
    const from = rest.search(/[[{]/)
    const end = endOfObject(rest, from)
    const value = end === undefined ? undefined : parse(rest.slice(from, end))
    if (value !== undefined) yield { value, isError: isErrorEvent || field?.[1] === 'error' }
  }
}

const MAX_LINES = 100

function withoutField(line: string, index: number): string {
  return index === 0 ? line : line.replace(FIELD, '')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
