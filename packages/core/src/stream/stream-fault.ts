import { ClientClosedError, StreamFaultError, TimeoutError } from '../base/errors.ts'
import { redactError } from '../base/redact-error.ts'

/**
 * Makes the fault of a stream that ended without proof that its answer is complete.
 * @param what how the stream ended: the beginning of the error message
 */
export function incomplete(what: string): StreamFaultError {
  return new StreamFaultError(
    'stream_incomplete',
    `${what} without proof that the answer is complete; treat what arrived as a fragment.`,
  )
}

/**
 * Makes the fault of a stream that exceeded `maxAnswerBytes`.
 * @param isHeld whether everything before the first content was too large; otherwise a single event was
 */
export function tooLarge(isHeld: boolean, maxBytes: number): StreamFaultError {
  return isHeld
    ? new StreamFaultError(
        'malformed_answer',
        `The stream brought more than may be held before its first content (maxAnswerBytes is ${maxBytes}).`,
      )
    : new StreamFaultError(
        'stream_malformed',
        `The stream sent an event that is larger than may be held (maxAnswerBytes is ${maxBytes}).`,
      )
}

/** Makes the fault of a stream whose body ended with an error. */
export function brokenConnection(cause: unknown): StreamFaultError {
  return new StreamFaultError(
    'stream_incomplete',
    'The connection broke before the stream was complete; treat what arrived as a fragment.',
    { cause: redactError(cause) },
  )
}

/** Converts an error that ended a read into a stream fault. */
export function asFault(error: unknown): StreamFaultError {
  if (StreamFaultError.is(error)) return error
  if (TimeoutError.is(error)) {
    return new StreamFaultError('stream_stalled', `The stream stalled: no content for ${error.limitMs} ms.`, {
      cause: error,
    })
  }
  if (ClientClosedError.is(error)) return new StreamFaultError(error.code, error.message, { cause: error })
  return brokenConnection(error)
}

/** Converts the reason of an abort into an Error. The reason may be any value, but a connection can be closed only with an Error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The stream was given up.', { cause: reason })
}
