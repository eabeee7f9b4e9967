import { StreamFaultError } from '../errors.ts'
import { isRecord } from '../wire/json.ts'
import type { JsonBody } from '../wire/operation.ts'
import type { SseEvent } from './sse-event.ts'

/**
 * The data of an event as an object, which stays with the event: whoever reads it later need not parse it again.
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
  if (!isRecord(value)) {
    throw new StreamFaultError(
      'stream_malformed',
      'The stream sent an event whose data is not a JSON object.',
    )
  }
  return value
}

/** The error a provider tells inside a stream, in any of the forms in use; undefined when the event is none. */
export function inBandFault(
  name: string | undefined,
  data: Readonly<Record<string, unknown>>,
): StreamFaultError | undefined {
  const told = data['error']
  const isError = name === 'error' || data['type'] === 'error'
  if (!isError && !told) return undefined
  return faultFrom(isRecord(told) ? told : isError && told == null ? data : { message: told })
}

/** An error object of a provider as a fault. Its `code` may be a word or an HTTP status, as a number or as text. */
export function faultFrom(error: Readonly<Record<string, unknown>>): StreamFaultError {
  const { code, type, message } = error
  const status = STATUS.test(String(code)) ? Number(code) : undefined
  const word = [status === undefined ? code : undefined, type].find(
    (candidate) => typeof candidate === 'string' && candidate !== 'error',
  )
  return new StreamFaultError(
    typeof word === 'string' ? word : 'stream_error',
    typeof message === 'string' && message !== '' ? message : 'The provider told an error inside its stream.',
    { status },
  )
}

const STATUS = /^[45]\d\d$/

/** A SyntaxError of JSON.parse quotes the text it failed on, and that text is the user's. */
function redacted(cause: unknown): Error {
  return new SyntaxError(
    cause instanceof SyntaxError ? cause.message.replace(/"[\s\S]*"\.\.\.|"[\s\S]*"/g, '…') : 'invalid JSON',
  )
}
