import type { JsonRecord } from '../json.ts'

/** The types of an error in OpenAI's format: the fault of the request, or of the server. */
export const REQUEST = 'invalid_request_error'
export const SERVER = 'server_error'

/** The code of a refusal because the model cannot express the request. Harbor then calls the next target of the chain. */
export const UNSUPPORTED = 'unsupported_by_model'
/** The code of a discarded answer. Harbor then calls the next target, too, but counts the discarded answer as billed. */
const IGNORED = 'ignored_by_model'

/** An answer with an error status, in OpenAI's format. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    { type, code, headers }: { type: string; code: string | null; headers?: Record<string, string> },
  ) {
    super(message)
    this.status = status
    this.type = type
    this.code = code
    this.headers = headers ?? {}
  }

  /** The body of the answer, and the data of an error event. */
  get body(): JsonRecord {
    const { message, type, code } = this
    return { error: { message, type, param: null, code } }
  }
}

/**
 * Makes the refusal of a request whose meaning would change, because it cannot be expressed for the model.
 * @param what the name of the field or value, never its content
 */
export function unsupported(what: string): RequestError {
  return new RequestError(
    400,
    `The model cannot be called with ${what}, because the AI SDK or the model does not support it. Remove it, or use another target.`,
    { type: REQUEST, code: UNSUPPORTED },
  )
}

/**
 * Makes the error for a model that answered, but without regard to a part of the request. The answer is discarded, although the provider
 * has billed it.
 */
export function ignored(what: string): RequestError {
  return new RequestError(
    400,
    `The model ignores ${what}, which changes the meaning of the answer. Its answer was discarded. Remove it, or use another target.`,
    { type: REQUEST, code: IGNORED },
  )
}

/** Makes the error for an answer that contains what OpenAI's format cannot express. @param what the kind of content, in words */
export function inexpressible(what: string): RequestError {
  return new RequestError(
    400,
    `The model answered with ${what}, which an answer of OpenAI cannot contain. Its answer was discarded. Use another target.`,
    { type: REQUEST, code: IGNORED },
  )
}

/** Makes the error for a request that is invalid for every model. */
export function invalid(message: string): RequestError {
  return new RequestError(400, message, { type: REQUEST, code: 'invalid_request' })
}

/** Makes the error for a model that did not give a whole answer. */
export function incomplete(message: string): RequestError {
  return new RequestError(502, message, { type: SERVER, code: 'stream_incomplete' })
}

/** Makes the error for an answer in another form than the AI SDK specifies. @param what what is wrong with it, in words */
export function malformed(what: string): RequestError {
  return failure(502, `The model gave a malformed answer: ${what}.`, SERVER, 'malformed_answer')
}

/** Makes an error with a status, type and code of its own. */
export function failure(status: number, message: string, type: string, code: string): RequestError {
  return new RequestError(status, message, { type, code })
}
