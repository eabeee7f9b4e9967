import { ClientClosedError, StreamFaultError, TimeoutError } from '../base/errors.ts'
import { redactError } from '../base/redact-error.ts'

/** The stream came to its end, but the answer did not. */
export function incomplete(what: string): StreamFaultError {
  return new StreamFaultError(
    'stream_incomplete',
    `${what} without proof that the answer is complete; treat what arrived as a fragment.`,
  )
}

/** More came than may be held: before the first content, or as one event. */
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

/** The body ended in an error. */
export function brokenConnection(cause: unknown): StreamFaultError {
  return new StreamFaultError(
    'stream_incomplete',
    'The connection broke before the stream was complete; treat what arrived as a fragment.',
    { cause: redactError(cause) },
  )
}

/** What stopped a reader, as the fault of the stream that it is. */
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

/** A reason to abort may be anything; a reason to give a connection up is an error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('The stream was given up.', { cause: reason })
}
