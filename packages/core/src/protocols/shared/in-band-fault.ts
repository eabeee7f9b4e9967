import { StreamFaultError } from '../../base/errors.ts'
import { declaredError } from './find-error.ts'
import { isRecord } from '../../base/json.ts'
import type { JsonBody } from '../../base/json.ts'
import { readError, type UpstreamError } from './read-error.ts'
import type { SseEvent } from '../../wire/sse-event.ts'

/** A fault that the provider itself reported inside its stream. */
export class ReportedFault extends StreamFaultError {
  readonly #reported: UpstreamError

  constructor(reported: UpstreamError) {
    const { code, type, message, status } = reported
    const word = [code, type].find(isWord)
    super(word ?? 'stream_error', message, { status, origin: 'provider' })
    this.#reported = reported
  }

  /** The error as the provider reported it; undefined for a fault that Harbor found, and for one of another copy of this package. */
  static reportedBy(fault: StreamFaultError): UpstreamError | undefined {
    return #reported in fault ? fault.#reported : undefined
  }
}

/**
 * The data of an event as an object, which is stored with the event, so that it is parsed once.
 * @throws StreamFaultError `stream_malformed` when it is not a JSON object
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

/** The error a provider reports inside a stream, in any of the forms in use; undefined when the event is none. */
export function inBandFault(
  name: string | undefined,
  data: Readonly<Record<string, unknown>>,
): StreamFaultError | undefined {
  const reported = declaredError(data) ?? (name === 'error' ? readError(data) : undefined)
  return reported && new ReportedFault(reported)
}

/** An error object of a provider as a fault. */
export function faultFrom(error: Readonly<Record<string, unknown>>): StreamFaultError {
  return new ReportedFault(readError(error))
}

/** A code that is a number, as text or not, names a status or nothing that is known. */
function isWord(name: string | number | undefined): name is string {
  return typeof name === 'string' && name !== 'error' && !/^\d+$/.test(name)
}

/** A SyntaxError of JSON.parse quotes the text it failed on, and that text is the user's. */
function redacted(cause: unknown): Error {
  return new SyntaxError(
    cause instanceof SyntaxError ? cause.message.replace(/"[\s\S]*"\.\.\.|"[\s\S]*"/g, '…') : 'invalid JSON',
  )
}
