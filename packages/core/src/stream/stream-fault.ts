import { ClientClosedError, StreamFaultError, TimeoutError } from '../base/errors.ts'
import { redactError } from '../base/redact-error.ts'

/**
 * The fault of a stream that ended without proof that its answer is complete.
 * @param what the beginning of the message: how the stream ended
 */
export function incomplete(what: string): StreamFaultError {
  return new StreamFaultError(
    'stream_incomplete',
    `${what} without proof that the answer is complete; treat what arrived as a fragment.`,
  )
}

/** The fault of a stream that exceeded `maxAnswerBytes`, before its first content (`isHeld`) or with one event. */
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

/** The fault of a stream whose body ended with an error. */
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

/** Converts a reason into an Error. An abort may have any value as its reason, but a connection can be closed only with an Error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The stream was given up.', { cause: reason })
}
