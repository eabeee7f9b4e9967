import { cleanMessage, cleanWord } from '../../base/clean.ts'
import { isRecord, parseJson } from '../../base/json.ts'

/** An error as an upstream reports it, whatever shape it came in. */
export interface UpstreamError {
  /** The HTTP status that the error itself names, from 400 to 599. */
  readonly status: number | undefined
  /** Its own code: a word, or a number. */
  readonly code: string | number | undefined
  readonly type: string | undefined
  readonly param: string | undefined
  readonly message: string
  /** Everything that says what kind of error it is, as it came: codes, types, reasons. For classification only. */
  readonly words: readonly string[]
  /** All its messages, the nested ones included. For classification only. */
  readonly text: string
  /** Whether it says itself that it is an error, rather than only standing where an answer should be. */
  readonly explicit: boolean
}

type Facts = Readonly<Record<string, unknown>>

/** What is nested deeper, or has more parts, is not read any further. */
export const MAX_DEPTH = 8
export const MAX_PARTS = 200
const MAX_ITEMS = 10
const MAX_WORD_LENGTH = 100
const MAX_TEXT_LENGTH = 4_000
/** A text is parsed in the hope of a nested error up to this length. */
export const MAX_NESTED_LENGTH = 65_536

// Fields are recognised by how their names end, in whatever case and whatever stands before: `http_status`, `errorCode`, `ret_msg`.
export const STATUS = /(?:status|code)$/
const WORD = /(?:code|type|status|reason|exception)$|^(?:error|err)?(?:name|kind)$/
const CODE = /code$/
const TYPE = /^(?:error)?type$/
const ERROR_TYPE = /^errortype$/
const PARAM = /^param$/
/** Names of the field that holds the message, the most specific first. */
const MESSAGES = [/(?:message|msg)$/, /(?:detail|description)s?$/, /error$/, /(?:title|text|reason)$/]
/** What a container may say about the error in it; its other fields belong to the answer. */
const BESIDE = /^(?:http|error|err|ret)?(?:status|statuscode|code)$|^(?:error|err)type$/

/**
 * Reads an error.
 * @param error an object, a text, or a list of either
 * @param beside the object it stands in, which may hold its code and status
 */
export function readError(error: unknown, beside: Facts = {}, explicit = true): UpstreamError {
  const reading = new Reading()
  reading.read(error, 0)
  if (reading.status === undefined && reading.words.length === 0) reading.readBeside(beside)
  const own = isRecord(error) ? error : {}
  const message = messageOf(own) ?? reading.messages[0] ?? messageOf(beside) ?? ''
  return {
    status: reading.status,
    code: codeOf(own) ?? codeOf(beside),
    type: cleaned(textAt(own, TYPE)) ?? cleaned(textAt(beside, ERROR_TYPE)),
    param: cleaned(textAt(own, PARAM)),
    message: cleanMessage(message) || 'The provider reported an error without a message.',
    words: reading.words,
    text: reading.messages.join('\n').slice(0, MAX_TEXT_LENGTH),
    explicit,
  }
}

/** The message of an object, by the field that is most likely to hold it. */
function messageOf(record: Facts): string | undefined {
  for (const name of MESSAGES) {
    const message = textAt(record, name)
    if (message !== undefined) return message
  }
  return undefined
}

/** Collects what an error and everything nested in it says, up to a bound. */
class Reading {
  status: number | undefined
  readonly words: string[] = []
  readonly messages: string[] = []
  #parts = 0

  read(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH || this.#parts++ > MAX_PARTS) return
    if (typeof value === 'string') {
      this.#readMessage(value)
      this.#readQuoted(value, depth)
    } else if (Array.isArray(value)) {
      for (const item of value.slice(0, MAX_ITEMS)) this.read(item, depth + 1)
    } else if (isRecord(value)) this.#readRecord(value, depth)
  }

  readBeside(beside: Facts): void {
    for (const field in beside) {
      const name = plainName(field)
      if (BESIDE.test(name)) this.#readField(name, beside[field])
    }
  }

  #readRecord(record: Facts, depth: number): void {
    for (const field in record) {
      if (this.#parts++ > MAX_PARTS) return
      this.#readField(plainName(field), record[field])
    }
    // Nested fields come last: those at the top say more.
    for (const field in record) {
      const value = record[field]
      if (typeof value === 'object') this.read(value, depth + 1)
      else if (typeof value === 'string') this.#readQuoted(value, depth)
    }
  }

  #readField(name: string, value: unknown): void {
    if (STATUS.test(name)) this.status ??= statusOf(value)
    if (typeof value !== 'string' || value === '') return
    if (WORD.test(name) && value.length <= MAX_WORD_LENGTH) {
      if (value === 'error' || statusOf(value) !== undefined) return
      const word = value.trim().replace(/\s+/g, '_')
      // A code says more than a type.
      if (CODE.test(name)) this.words.unshift(word)
      else this.words.push(word)
    } else if (MESSAGES.some((pattern) => pattern.test(name))) this.#readMessage(value)
  }

  #readMessage(text: string): void {
    this.messages.push(text.slice(0, MAX_TEXT_LENGTH))
  }

  /** Gateways quote the error of the provider behind them as text. */
  #readQuoted(text: string, depth: number): void {
    if (text.length > MAX_NESTED_LENGTH || !/^\s*[[{]/.test(text)) return
    this.read(parseJson(text), depth + 2)
  }
}

function codeOf(record: Facts): string | number | undefined {
  for (const field in record) {
    if (!CODE.test(plainName(field))) continue
    const code = record[field]
    if (Number.isSafeInteger(code)) return code as number
    if (typeof code === 'string' && code !== '') return cleanWord(code)
  }
  return undefined
}

function textAt(record: Facts, name: RegExp): string | undefined {
  for (const field in record) {
    const value = record[field]
    if (typeof value === 'string' && value !== '' && name.test(plainName(field))) return value
  }
  return undefined
}

function cleaned(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cleanWord(text)
}

/** The letters of a field's name. */
export function plainName(field: string): string {
  return field.length > 64 ? '' : field.toLowerCase().replace(/[^a-z]/g, '')
}

/** `429`, `"429"`, `"HTTP 429"`, `"429 Too Many Requests"`. */
function statusOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= 400 && value < 600 ? value : undefined
  }
  if (typeof value !== 'string') return undefined
  const status = /^\s*(?:http[ _/-]?)?([45]\d\d)(?![\w.])/i.exec(value)?.[1]
  return status === undefined ? undefined : Number(status)
}
