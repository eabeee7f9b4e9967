import { StreamFaultError } from '../../base/errors.ts'
import { declaredError } from './find-error.ts'
import { isRecord } from '../../base/json.ts'
import type { JsonBody } from '../../base/json.ts'
import { readError, type UpstreamError } from './read-error.ts'
import type { SseEvent } from '../../wire/sse-event.ts'

/** A stream fault that the provider itself reported inside its stream. */
export class ReportedFault extends StreamFaultError {
  readonly #reported: UpstreamError

  constructor(reported: UpstreamError) {
    const { code, type, message, status } = reported
    const word = [code, type].find(isWord)
    super(word ?? 'stream_error', message, { status, origin: 'provider' })
    this.#reported = reported
  }

  /**
   * Returns the error as the provider reported it. Undefined when Harbor found the fault itself, or when another copy of this package made
   * the fault.
   */
  static reportedBy(fault: StreamFaultError): UpstreamError | undefined {
    return #reported in fault ? fault.#reported : undefined
  }
}

/**
 * Parses the data of an event as an object, and stores the object in the event, so that it is parsed only once.
 * @throws StreamFaultError `stream_malformed` when the data is not a JSON object
 */
export function parseEvent(event: Pick<SseEvent, 'data' | 'json'>): JsonBody {
  return (event.json ??= parseData(event.data ?? ''))
}

function parseData(data: string): JsonBody {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw new StreamFaultError(
      'stream_malformed',
      'The stream broke inside an event: its data is not JSON.',
      {
        cause: redacted(cause),
      },
    )
  }
  if (isRecord(value)) return value
  throw new StreamFaultError('stream_malformed', 'The stream sent an event whose data is not a JSON object.')
}

/**
 * Returns the error that an event reports, in any of the known forms; undefined when the event reports none.
 * @param name the event's `event:` field
 */
export function inBandFault(
  name: string | undefined,
  data: Readonly<Record<string, unknown>>,
): StreamFaultError | undefined {
  const reported = declaredError(data) ?? (name === 'error' ? readError(data) : undefined)
  return reported && new ReportedFault(reported)
}

/** Makes a stream fault from a provider's error object. */
export function faultFrom(error: Readonly<Record<string, unknown>>): StreamFaultError {
  return new ReportedFault(readError(error))
}

/**
 * Whether a code or type is a word that names an error. A number is not such a word, not even as text. Neither is the word `error`, which
 * says nothing.
 */
function isWord(name: string | number | undefined): name is string {
  return typeof name === 'string' && name !== 'error' && !/^\d+$/.test(name)
}

/** Copies an error of `JSON.parse` without the text that its message quotes, since that text may be a part of a prompt or an answer. */
function redacted(cause: unknown): Error {
  return new SyntaxError(
    cause instanceof SyntaxError ? cause.message.replace(/"[\s\S]*"\.\.\.|"[\s\S]*"/g, '…') : 'invalid JSON',
  )
}
