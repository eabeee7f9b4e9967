import { endOfObject } from '../../wire/separate-events.ts'
import { anyError, declaredError, undeclaredError } from './find-error.ts'
import { parseJson } from '../../base/json.ts'
import { MAX_NESTED_LENGTH, readError, type UpstreamError } from './read-error.ts'

/**
 * Searches a body that contains no answer for an error. The error may be the body itself, an item of a list, the data of an event, an
 * `error:` field, or a line of its own. So it is found whether a server sends it as JSON, in a stream or as text.
 */
export function errorInText(text: string): UpstreamError | undefined {
  const whole = parse(text)
  if (whole !== undefined) return anyError(whole)
  const beginning = text.slice(0, MAX_NESTED_LENGTH)
  let found: UpstreamError | undefined
  for (const { value, isError } of jsonValuesIn(beginning)) {
    // Only the top level of an event is searched for an undeclared error: nested parts may repeat the request.
    const error = declaredError(value) ?? (isError ? readError(value) : undeclaredError(value, 1))
    if (error?.explicit) return error
    found ??= error
  }
  const [, words] = PLAIN_ERROR.exec(beginning) ?? []
  return words === undefined ? found : readError(words.trim())
}

const FIELD = /^[ \t]*(\w+)[ \t]*:[ \t]?(?=[\s[{"])/
/** Matches an error in plain words, in an `error:` field or as the data of an `error` event. */
const PLAIN_ERROR = /^[ \t]*(?:error:|event:[ \t]*error[ \t]*\r?\n[ \t]*data:)[ \t]*([^\s{[].*)$/im

/**
 * Finds the JSON objects and lists in a text that is not one JSON document. `isError` is true for a value in a field or an event named
 * `error`.
 */
function* jsonValuesIn(text: string): Generator<{ value: unknown; isError: boolean }> {
  let isErrorEvent = false
  const lines = text.split(/\r\n|\n|\r/)
  for (const [index, line] of lines.entries()) {
    if (line === '') isErrorEvent = false
    if (/^\s*event:\s*error\s*$/.test(line)) isErrorEvent = true
    const field = FIELD.exec(line)
    const start = field ? field[0].length : 0
    const first = line.slice(start).trimStart()[0]
    if (first !== '{' && first !== '[') continue
    // An object may extend over several lines.
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
  return parseJson(text.replace(/^\uFEFF/, ''))
}
