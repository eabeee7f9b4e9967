import { Buffer } from 'node:buffer'
import { fillerFor, fillerName } from './filler.ts'
import { type JsonTextState, maskJsonText, newJsonText } from './mask-json-text.ts'
import {
  JSON_TEXT_FIELDS,
  NUMBER_FIELDS,
  OPEN_FIELDS,
  TEXT_FIELDS,
  WORD,
  WORD_FIELDS,
} from './wire-fields.ts'

/** An object or list that contains the current position. */
interface Frame {
  isObject: boolean
  /** Whether the next string is the name of a field. */
  atName: boolean
  /** The name of the field whose value comes next. In a list, the name of the field that holds the list. */
  field: string
  /** The name of the field that holds this object or list. */
  name: string
  /** Whether everything in it is redacted, names included. */
  open: boolean
  /** The values of `index` and `output_index` in it. They distinguish the tool calls of a stream. */
  place: string
}

/** The frame around the outermost object. Text that is there is not JSON. */
const OUTSIDE: Frame = { isObject: false, atName: false, field: '', name: '', open: true, place: '' }

/** The states of the tool arguments in a stream, by the tool call that they belong to. */
export type JsonTexts = Map<string, JsonTextState>

/** The fields in which `code` is an error code. In others, `code` may be a program, which must be redacted. */
const ERRORS: readonly string[] = ['error', 'errors', 'last_error', 'details']

const TOKEN = /"(?:\\[^]|[^"\\])*"?|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|\s+|[^]/gu

/**
 * Redacts JSON. The structure stays, and so do known names of fields with their words and numbers. Everything else is replaced by a
 * placeholder with the same number of bytes. In a text that is not JSON, or only a part of it, every word that may be secret is replaced,
 * too.
 *
 * @param texts the states of the tool arguments in the stream that this event is part of
 */
export function maskJson(text: string, texts: JsonTexts = new Map()): string {
  const frames: Frame[] = []
  const isError = /^\s*\{\s*"type"\s*:\s*"error"/.test(text)
  const holdsArguments = /"response\.\w*(?:arguments|input)\.delta"/.test(text)
  let names = 0

  return text.replaceAll(TOKEN, (token) => {
    const frame = frames.at(-1) ?? { ...OUTSIDE }
    const [first = ''] = token
    if (first === '"') {
      const closed = token.length > 1 && token.endsWith('"')
      const raw = closed ? token.slice(1, -1) : token.slice(1)
      const masked = frame.atName ? maskName(raw, frame) : maskString(raw, frame)
      return `"${masked}${closed ? '"' : ''}`
    }
    switch (first) {
      case '{':
      case '[':
        frames.push(inside(frames.at(-1), first === '{'))
        return token
      case '}':
      case ']':
        frames.pop()
        return token
      case ',':
        frame.atName = frame.isObject
        return token
      case ':':
        return token
    }
    if (/^(?:\s+|true|false|null)$/.test(token)) return token
    if (/^-?\d/.test(token)) return maskNumber(token, frame)
    return 'x'.repeat(Buffer.byteLength(token))
  })

  function maskName(raw: string, frame: Frame): string {
    frame.atName = false
    frame.field = raw
    if (!frame.open && isKnown(raw)) return raw
    // Its value is not known either.
    frame.field = ''
    return fillerName(Buffer.byteLength(raw), names++)
  }

  function holdsError({ name }: Frame): boolean {
    return ERRORS.includes(name) || (frames.length === 1 && isError)
  }

  function maskString(raw: string, frame: Frame): string {
    const { field, open } = frame
    if (!open && WORD_FIELDS.has(field) && WORD.test(raw) && (field !== 'code' || holdsError(frame)))
      return raw
    if (open || !(JSON_TEXT_FIELDS.has(field) || (holdsArguments && field === 'delta'))) {
      return fillerFor(raw)
    }
    const place = frames.map((each) => each.place).join()
    const state = texts.get(place) ?? newJsonText()
    texts.set(place, state)
    return maskJsonText(raw, state)
  }
}

/** Returns the frame of an object or list that begins. `around` is the frame that contains it; undefined for the outermost one. */
function inside(around: Frame | undefined, isObject: boolean): Frame {
  const { field = '', open = false, isObject: inObject = false } = around ?? {}
  const isOpen = open || OPEN_FIELDS.has(field) || (inObject && !isKnown(field))
  const name = inObject ? field : (around?.name ?? '')
  return { isObject, atName: isObject, field: isObject ? '' : field, name, open: isOpen, place: '' }
}

function isKnown(field: string): boolean {
  return [WORD_FIELDS, NUMBER_FIELDS, TEXT_FIELDS, OPEN_FIELDS].some((fields) => fields.has(field))
}

function maskNumber(token: string, frame: Frame): string {
  if (!frame.open && NUMBER_FIELDS.has(frame.field)) {
    if (frame.field === 'index' || frame.field === 'output_index') frame.place += `${frame.field}${token}`
    return token
  }
  const [mantissa = '', exponent] = token.split(/(?=[eE])/)
  return mantissa.replaceAll(/\d/g, '1') + (exponent ?? '').replaceAll(/\d/g, '0')
}
