import { isRecord, type JsonBody } from '../../base/json.ts'
import { OpenAIEvents } from '../openai/openai-events.ts'
import { OpenAIUsage } from '../openai/openai-usage.ts'
import { responseIdOf } from '../openai/response-id.ts'
import { Delivery } from '../shared/delivery.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../shared/stream-dialect.ts'
import { inBandFault } from '../shared/in-band-fault.ts'
import { readData } from '../shared/read-data.ts'
import { DONE, type SseEvent } from '../../wire/sse-event.ts'
import { isPing } from '../shared/substance.ts'
import { StreamFaultError } from '../../base/errors.ts'

/**
 * A group of event types that occur in the same streams. `events` matches each type of the group. `proof` matches the types that prove that
 * the stream is complete.
 */
interface Family {
  readonly events: RegExp
  readonly proof: RegExp
}

const FAMILIES: readonly Family[] = [
  // Transcriptions: POST /audio/transcriptions
  { events: /^transcript\./, proof: /^transcript\.text\.done$/ },
  // Speech: POST /audio/speech with stream_format 'sse'
  { events: /^speech\.audio\./, proof: /^speech\.audio\.done$/ },
  // Images: POST /images/generations, POST /images/edits
  { events: /^image_(generation|edit)\./, proof: /^image_(generation|edit)\.completed$/ },
  // Assistants: the proof is that a run ends, or that it waits for results of the caller's tools
  {
    events: /^thread\./,
    proof: /^thread\.run\.(completed|incomplete|failed|cancelled|expired|requires_action)$/,
  },
]

/**
 * Reads streams of typed events. The first event decides whether the stream belongs to one of the known `FAMILIES`. In a family, certain
 * events prove the end, though others may follow them. In an unknown protocol, only `[DONE]` or an orderly end of the body can be the
 * proof.
 */
export class TypedDialect extends OpenAIEvents implements StreamDialect {
  responseId: string | undefined
  readonly delivery = new Delivery(new OpenAIUsage())
  proven = false
  readonly finishReasons: readonly string[] = []
  readonly #family: Family | undefined

  /** @param type the `type` field of the first event's data, or the event's name */
  constructor(type: string) {
    super()
    this.#family = FAMILIES.find(({ events }) => events.test(type))
  }

  get endsWithBody(): boolean {
    return this.#family === undefined
  }

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'nothing'
    if (event.data === DONE) {
      this.proven ||= this.endsWithBody
      return 'end'
    }
    const data = readUnknown(event, this.#family)
    if (data instanceof StreamFaultError) return data
    const type = typeof data['type'] === 'string' ? data['type'] : (event.name ?? '')
    if (this.#family && isPing(data) && !this.#family.events.test(type)) return 'nothing'
    this.delivery.read(data)
    this.responseId ??= responseIdOf(data)
    if (this.#family?.proof.test(event.name ?? type) || this.#family?.proof.test(type)) this.proven = true
    return 'content'
  }

  faultEvent({ code, message }: { code: string; message: string }): FaultEvent {
    return {
      name: 'error',
      json: { type: 'error', error: { message, type: 'harbor_error', param: null, code } },
    }
  }
}

/** Parses the data of an event. In an unknown protocol, the data may have any format, and is only searched for an error. */
function readUnknown(
  event: SseEvent,
  family: Family | undefined,
): Readonly<Record<string, unknown>> | StreamFaultError {
  if (family) return readData(event)
  try {
    return readData(event, faultInUnknown)
  } catch (error) {
    if (StreamFaultError.is(error)) return { data: event.data }
    throw error
  }
}

/** Returns the error that an event reports. One whose type says something else may have a field of the name `error`. */
function faultInUnknown(name: string | undefined, data: JsonBody): StreamFaultError | undefined {
  const { type } = data
  const isOther = typeof type === 'string' && type !== '' && !/err|fail/i.test(type) && name !== 'error'
  return isOther ? undefined : inBandFault(name, data)
}

/** Whether the type of a stream's first event belongs to the Responses API. */
export function isResponsesEvent(type: string): boolean {
  return type.startsWith('response.')
}

/** Whether the data of a stream's first event is a chunk of a chat or an older completion. */
export function isChatChunk(data: unknown): boolean {
  return isRecord(data) && Array.isArray(data['choices'])
}
