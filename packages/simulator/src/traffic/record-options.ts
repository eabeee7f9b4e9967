import {
  checkObject,
  type Check,
  fail,
  type Fields,
  oneOf,
  required,
  text,
  wholeNumber,
} from '../script/check-fields.ts'
import type { Exchange } from './exchange.ts'

export interface RecordOptions {
  /** The provider's base URL: `https://api.openai.com/v1`. Requests keep their path and go to its origin. */
  upstream: string
  /** The file that exchanges are appended to, one JSON line each. It is created readable for its owner only. */
  to: string
  /** The port of the recorder. 0 lets the system choose. @default 0 */
  port?: number | undefined
  /** `'keep'` stores the text of requests. Keys are removed in any case. @default 'redact' */
  prompts?: 'redact' | 'keep' | undefined
  /** `'keep'` stores the text of answers. Keys are removed in any case. @default 'redact' */
  answers?: 'redact' | 'keep' | undefined
  /** Changes an exchange before it is stored, after the redaction. If it throws, the exchange is not stored. @default none */
  redact?: ((exchange: Exchange) => Exchange) | undefined
}

/** The checked options, with the URL parsed. @throws TypeError if one is wrong */
export function readRecordOptions(options: RecordOptions) {
  checkObject(options, fields, 'options')
  const { to, port = 0, prompts = 'redact', answers = 'redact', redact } = options
  return { upstream: new URL(options.upstream), to, port, choices: { prompts, answers }, redact }
}

const upstreamURL: Check = (value, where) => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  // The value may contain a key, so it is not quoted.
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`${where} must be the base URL of a provider, such as https://api.openai.com/v1`)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`${where} must be a base URL without credentials, query and fragment`)
  }
}

const aFunction: Check = (value, where) => {
  if (typeof value !== 'function') fail(where, 'a function', value)
}

const fields: Fields<RecordOptions> = {
  upstream: required(upstreamURL),
  to: required(text),
  port: wholeNumber(0, 65_535),
  prompts: oneOf(['redact', 'keep']),
  answers: oneOf(['redact', 'keep']),
  redact: aFunction,
}
