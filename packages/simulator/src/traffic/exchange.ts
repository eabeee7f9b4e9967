import { isObject } from '../answers/json.ts'

/** One recorded request with its answer: one line of a file with recorded traffic. */
export interface Exchange {
  /** The version of the file format. */
  readonly harborTraffic: 1
  /** When the request arrived, as an ISO 8601 date. */
  readonly at: string
  /** The request as it was forwarded, after redaction. */
  readonly request: {
    /** The HTTP method. */
    readonly method: string
    /** The path of the URL, without the query. */
    readonly path: string
    /** The part of the URL after the `?`; empty if there is none. Values that may be secret are replaced. */
    readonly query: string
    /** The model that the body or the path names; empty if none. */
    readonly model: string
    /** The headers, in order. Values that may be secret are replaced. */
    readonly headers: readonly (readonly [name: string, value: string])[]
    /** The body as text; empty if there is none. Prompts in it are replaced unless the recorder had `prompts: 'keep'`. */
    readonly body: string
  }
  /** Hashes of the original request, before redaction. With them, a replay finds the exchange for a request. */
  readonly match: {
    /** The hash of the method, path, query and body. */
    readonly request: string
    /** The hash of the method, path and model. */
    readonly place: string
  }
  /** The answer, after redaction, as it arrived. */
  readonly response: {
    /** The HTTP status that the provider answered with. */
    readonly status: number
    /** The headers, in order. Values that may be secret are replaced. */
    readonly headers: readonly (readonly [name: string, value: string])[]
    /** The time from the request to the headers of the answer, in milliseconds. */
    readonly headersAfterMs: number
    /** The pieces of the body, in order, with the time at which each arrived. */
    readonly chunks: readonly Chunk[]
    /** `'whole'`: the body is complete. `'cut'`: the connection was closed before the end of the body. */
    readonly ending: 'whole' | 'cut'
  }
  /** What was replaced by placeholders in this exchange. */
  readonly redacted: {
    /** Whether the text of the request was replaced. */
    readonly prompts: boolean
    /** Whether the text of the answer was replaced. */
    readonly answers: boolean
  }
}

/** A piece of a body as it arrived: the time after the headers in milliseconds, then the text, or the bytes in base64. */
export type Chunk =
  readonly [ms: number, text: string] | readonly [ms: number, base64: string, encoding: 'base64']

/** Parses one line of a file with recorded traffic. @returns undefined if the line is not an exchange of this version */
export function parseExchange(line: string): Exchange | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isExchange(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value has the shape of an exchange. Other programs may have written the file, and a `redact` function may return anything. */
export function isExchange(value: unknown): value is Exchange {
  if (!isObject(value) || value['harborTraffic'] !== 1) return false
  const { request, match, response, redacted, at } = value
  return (
    typeof at === 'string' &&
    isObject(request) &&
    ['method', 'path', 'query', 'model', 'body'].every((field) => typeof request[field] === 'string') &&
    isHeaders(request['headers']) &&
    isObject(match) &&
    typeof match['request'] === 'string' &&
    typeof match['place'] === 'string' &&
    isObject(redacted) &&
    isObject(response) &&
    isStatus(response['status']) &&
    isHeaders(response['headers']) &&
    isTime(response['headersAfterMs']) &&
    Array.isArray(response['chunks']) &&
    response['chunks'].every(isChunk) &&
    (response['ending'] === 'whole' || response['ending'] === 'cut')
  )
}

function isStatus(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= MAX_MS
}

/** The longest time that an exchange may contain, in milliseconds: a day. */
const MAX_MS = 86_400_000

function isHeaders(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((one) => typeof one === 'string'),
    )
  )
}

function isChunk(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    isTime(value[0]) &&
    typeof value[1] === 'string' &&
    (value.length === 2 || (value.length === 3 && value[2] === 'base64'))
  )
}
