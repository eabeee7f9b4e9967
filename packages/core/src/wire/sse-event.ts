import type { JsonBody } from '../base/json.ts'

/** The data of the event that ends most streams. */
export const DONE = '[DONE]'

/** One complete server-sent event. */
export interface SseEvent {
  /** The `event:` field. */
  readonly name: string | undefined
  /** The `data:` fields, joined by line feeds; undefined for comments and for events whose data is blank. */
  readonly data: string | undefined
  /** The index of the first byte after the event, in the bytes from which the event was read. */
  readonly end: number
  /**
   * Set if common SSE readers misread the event. `empty`: they return an event with empty data, on which `JSON.parse` fails. `odd`: they
   * return other data or another name.
   */
  readonly form?: 'empty' | 'odd' | undefined
  /** Whether the event is one `data:` line and nothing else. */
  readonly isPlain?: boolean | undefined
  /** The data as a parsed JSON object; undefined until it is parsed. */
  json?: JsonBody | undefined
}

/**
 * Matches an error that a server writes into its stream as plain JSON, without a field name such as `data:`. Google's APIs do so, also as a
 * list.
 */
const BARE_ERROR = /^\s*\[?\s*\{\s*"error"\s*:/
/** Matches the field name at the beginning of a line, even after spaces or padding. */
const FIELD = /^[^\w:"'{<[(-]*(data|event|error)(?::[ ]?|$)/
const SPELLED_DONE = /^"?\[\s*done\s*\]"?$/i

/**
 * Parses the lines of one event by the HTML standard. Also accepts some deviations of real servers: indented fields, an `error:` field
 * instead of data (llama.cpp), an error as plain JSON without a field name (Google), and other spellings of `[DONE]`.
 * @param end the index after the event, in the bytes from which the event was split off
 */
export function readEvent(text: string, end: number): SseEvent {
  let name: string | undefined
  let data: string | undefined
  let error: string | undefined
  let form: SseEvent['form']
  let lines = 0
  for (const line of text.includes('\r') ? text.split(/\r\n|\n|\r/) : text.split('\n')) {
    if (line !== '') lines++
    if (line.startsWith('data:')) {
      data = joined(data, line.slice(line.charCodeAt(5) === SPACE ? 6 : 5))
    } else if (line.startsWith('event:')) {
      name = line.slice(line.charCodeAt(6) === SPACE ? 7 : 6)
    } else if (line !== '' && line.charCodeAt(0) !== COLON) {
      const field = FIELD.exec(line)
      if (!field) continue
      const value = line.slice(field[0].length)
      if (!line.startsWith(field[1] ?? '')) form = 'odd'
      if (field[1] === 'event') name = value
      else if (field[1] === 'data') data = joined(data, value)
      else error = joined(error, value)
    }
  }
  if (data === undefined && error !== undefined) {
    name = 'error'
    data = error
    form = 'odd'
  } else if (data === undefined) {
    if (name !== undefined) form = 'empty'
    else if (BARE_ERROR.test(text))
      return { name, data: text.trim(), end, form: 'odd', isPlain: false, json: undefined }
  } else if (data.length <= MAX_DONE_LENGTH) {
    const trimmed = data.trim()
    if (trimmed === '') {
      data = undefined
      form = 'empty'
    } else if (data !== DONE && SPELLED_DONE.test(trimmed)) {
      data = DONE
      form = 'odd'
    }
  } else if (isBlank(data)) {
    data = undefined
    form = 'empty'
  }
  return { name, data, end, form, isPlain: lines === 1, json: undefined }
}

function isBlank(data: string): boolean {
  return data.charCodeAt(0) <= SPACE && data.trim() === ''
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}\n${value}`
}

const COLON = 58
const SPACE = 32
const MAX_DONE_LENGTH = 16

/**
 * Whether an event has no content: no data, an empty JSON value, or a word that keeps a connection alive, such as `ping`. If the name of
 * the event says what its data is, only an event without data has no content.
 */
export function isHollow({ name, data }: SseEvent): boolean {
  if (name !== undefined && !UNSPECIFIC.test(name)) return data === undefined
  return data === undefined || (data.length <= MAX_HOLLOW_LENGTH && HOLLOW.test(data))
}

/** Matches event names that do not say what the data of the event is. */
const UNSPECIFIC = /^(?:message|data|ping|keep-?alive|heartbeat)?$/i
const MAX_HOLLOW_LENGTH = 24
const HOLLOW = /^\s*(?:null|""|\[\s*\]|\{\s*\}|[:*.\s-]*(?:ping|pong|keep-?alive|heart-?beat)[.!\s]*)\s*$/i

/** Whether a common SSE reader would take an event without content for an event of the protocol. */
export function isMisread(event: SseEvent): boolean {
  return event.form === 'empty' || (event.data !== undefined && isHollow(event))
}
