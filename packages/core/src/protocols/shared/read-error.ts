import type { FailureKind } from '@harbor/retry'
import { cleanMessage, cleanWord } from '../../base/clean.ts'
import { isRecord, parseJson } from '../../base/json.ts'

/** An error that an upstream server reported, in any format, read into common fields. */
export interface UpstreamError {
  /** The HTTP status in the error's own fields, from 400 to 599. */
  readonly status: number | undefined
  /** The error's code: a word, or a number. */
  readonly code: string | number | undefined
  readonly type: string | undefined
  readonly param: string | undefined
  readonly message: string
  /** All codes, types and reasons of the error and of errors nested in it, as they were sent. For classification only. */
  readonly words: readonly string[]
  /** All messages of the error and of errors nested in it. For classification only. */
  readonly text: string
  /**
   * Whether the upstream server marked the object as an error. False if Harbor only concluded this, because the object has a message and
   * was sent instead of an answer.
   */
  readonly explicit: boolean
  /**
   * The kind of failure, if the protocol knows it better than the rules for code, type and message do. For example, an exceeded daily limit
   * is a used-up quota. @default decided by the code, the type and the message
   */
  readonly kind?: FailureKind | undefined
  /** The scope of a used-up quota: `model` if only this model cannot be used; undefined if it is the whole account. */
  readonly quotaOf?: 'model' | undefined
  /** How long the error's body asks clients to wait, in milliseconds. If a header asks for a longer wait, the header takes precedence. */
  readonly retryAfterMs?: number | undefined
}

type Facts = Readonly<Record<string, unknown>>

/** How many levels deep a value is searched for errors. */
export const MAX_DEPTH = 8
/** The maximum number of fields and values that are read in one search for errors. */
export const MAX_PARTS = 200
const MAX_ITEMS = 10
const MAX_WORD_LENGTH = 100
const MAX_TEXT_LENGTH = 4_000
/** The maximum length of a text that is parsed to find a nested error, in characters. */
export const MAX_NESTED_LENGTH = 65_536

// Fields are recognised by the end of their names, in any case and with any prefix: `http_status`, `errorCode`, `ret_msg`.
export const STATUS = /(?:status|code)$/
const WORD = /(?:code|type|status|reason|exception)$|^(?:error|err)?(?:name|kind)$/
const CODE = /code$/
const TYPE = /^(?:error)?type$/
const ERROR_TYPE = /^errortype$/
const PARAM = /^param$/
/** Patterns for the name of the field that holds the message, the most specific first. */
const MESSAGES = [/(?:message|msg)$/, /(?:detail|description)s?$/, /error$/, /(?:title|text|reason)$/]
/** Matches the fields beside `error` that describe the error: its status, code and type. All other fields there belong to the answer. */
const CONTAINER_FIELDS = /^(?:http|error|err|ret)?(?:status|statuscode|code)$|^(?:error|err)type$/

/**
 * Reads an error of any format.
 * @param error an object, a text, or a list of either
 * @param container the object that holds the error, and may hold its code and status
 * @param explicit whether the upstream marked it as an error
 */
export function readError(error: unknown, container: Facts = {}, explicit = true): UpstreamError {
  const reading = new Reading()
  reading.read(error, 0)
  if (reading.status === undefined && reading.words.length === 0) reading.readContainer(container)
  const own = isRecord(error) ? error : {}
  const message = messageOf(own) ?? reading.messages[0] ?? messageOf(container) ?? ''
  return {
    status: reading.status,
    code: codeOf(own) ?? codeOf(container),
    type: cleaned(textAt(own, TYPE)) ?? cleaned(textAt(container, ERROR_TYPE)),
    param: cleaned(textAt(own, PARAM)),
    message: cleanMessage(message) || 'The provider reported an error without a message.',
    words: reading.words,
    text: reading.messages.join('\n').slice(0, MAX_TEXT_LENGTH),
    explicit,
  }
}

/** Returns the message of an object, from the field that is most likely to hold one. */
function messageOf(record: Facts): string | undefined {
  for (const name of MESSAGES) {
    const message = textAt(record, name)
    if (message !== undefined) return message
  }
  return undefined
}

/** Collects the status, words and messages of an error and of everything nested in it, within the limits for depth and number of parts. */
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

  readContainer(container: Facts): void {
    for (const field in container) {
      const name = plainName(field)
      if (CONTAINER_FIELDS.test(name)) this.#readField(name, container[field])
    }
  }

  #readRecord(record: Facts, depth: number): void {
    for (const field in record) {
      if (this.#parts++ > MAX_PARTS) return
      this.#readField(plainName(field), record[field])
    }
    // Nested fields come last, since the fields at the top describe the error better.
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
      // Codes come first, since a code describes an error better than a type.
      if (CODE.test(name)) this.words.unshift(word)
      else this.words.push(word)
    } else if (MESSAGES.some((pattern) => pattern.test(name))) this.#readMessage(value)
  }

  #readMessage(text: string): void {
    this.messages.push(text.slice(0, MAX_TEXT_LENGTH))
  }

  /** Reads an error that a text contains as JSON. Gateways send the error of the provider behind them in this way. */
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

/** Returns a field's name in lower case, with its letters only. */
export function plainName(field: string): string {
  return field.length > 64 ? '' : field.toLowerCase().replace(/[^a-z]/g, '')
}

/** Reads an HTTP status from 400 to 599 in any of the forms `429`, `"429"`, `"HTTP 429"`, `"429 Too Many Requests"`. */
function statusOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value >= 400 && value < 600 ? value : undefined
  }
  if (typeof value !== 'string') return undefined
  const status = /^\s*(?:http[ _/-]?)?([45]\d\d)(?![\w.])/i.exec(value)?.[1]
  return status === undefined ? undefined : Number(status)
}
