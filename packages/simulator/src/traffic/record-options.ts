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

/** Options of `recordTraffic`. `upstream` and `to` are required. */
export interface RecordOptions {
  /**
   * The base URL of the provider, such as `https://api.openai.com/v1`. Requests are forwarded to its origin, with their paths unchanged.
   */
  upstream: string
  /**
   * The file to which exchanges (requests with their answers) are appended, one JSON line each. A new file is readable only by its owner.
   */
  to: string
  /** The port of the recorder. 0 lets the system choose. @default 0 */
  port?: number | undefined
  /** Whether the text of requests is redacted or stored. API keys are always removed. @default 'redact' */
  prompts?: 'redact' | 'keep' | undefined
  /** Whether the text of answers is redacted or stored. API keys are always removed. @default 'redact' */
  answers?: 'redact' | 'keep' | undefined
  /**
   * Changes an exchange after the built-in redaction, before it is stored. If the function throws, the exchange is not stored. @default
   * none
   */
  redact?: ((exchange: Exchange) => Exchange) | undefined
}

/** Checks the options, and parses the URL. @throws TypeError if an option is wrong */
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
