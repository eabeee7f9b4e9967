import { isRecord } from '../../base/json.ts'
import { OpenAIEvents } from '../openai/openai-events.ts'
import { OpenAIUsage } from '../openai/openai-usage.ts'
import { responseIdOf } from '../openai/response-id.ts'
import { Delivery } from '../shared/delivery.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../shared/stream-dialect.ts'
import { faultFrom } from '../shared/in-band-fault.ts'
import { readData } from '../shared/read-data.ts'
import { DONE, isHollow, type SseEvent } from '../../wire/sse-event.ts'
import { fieldsHaveSubstance, isPing } from '../shared/substance.ts'
import { StreamFaultError } from '../../base/errors.ts'

/**
 * The final statuses of a response. An event closes the response if its type is `response.` followed by one of these statuses, or if it
 * contains the whole response with one of them.
 */
const TERMINAL = new Set(['completed', 'incomplete', 'failed', 'cancelled'])
/** The events that open a response. They never close it: in a replayed stream, they may already carry the final status. */
const OPENING = new Set(['created', 'queued', 'in_progress'])

/**
 * Reads streams of the Responses API. The stream is proven complete by an event that closes the response, such as `response.completed`,
 * `response.incomplete` or `response.failed`: the provider itself says there that nothing follows. A `response.failed` before any content
 * is reported as an ordinary failure, so it can be retried. Lifecycle events and announced items that are still empty are not content.
 */
export class ResponsesDialect extends OpenAIEvents implements StreamDialect {
  responseId: string | undefined
  readonly delivery = new Delivery(new OpenAIUsage())
  proven = false
  finishReasons: readonly string[] = []
  #begun = false
  #lastSequenceNumber = -1

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'nothing'
    if (event.data === DONE) return 'end'
    if (isHollow(event)) return 'nothing'
    const data = readData(event)
    if (data instanceof StreamFaultError) return data
    const { sequence_number: number, response } = data
    if (Number.isSafeInteger(number)) this.#lastSequenceNumber = number as number
    if (isRecord(response)) this.responseId ??= responseIdOf(response)
    const type = typeof data['type'] === 'string' ? data['type'] : (event.name ?? '')
    const status = closingStatus(type, response)
    if (status !== undefined) return this.#finish(status, isRecord(response) ? response : {})
    if (type === '' || !(hasText(data['delta']) || fieldsHaveSubstance(data))) {
      if (!type.startsWith('response.')) return isPing(data) ? 'nothing' : 'quiet'
      return OPENING.has(type.slice('response.'.length)) ? 'quiet' : 'progress'
    }
    this.#begun = true
    if (type.endsWith('.delta')) this.delivery.add(data['delta'])
    return 'content'
  }

  faultEvent({ code, message }: { code: string; message: string }): FaultEvent {
    const sequenceNumber = this.#lastSequenceNumber + 1
    return {
      name: 'error',
      json: { type: 'error', code, message, param: null, sequence_number: sequenceNumber },
    }
  }

  #finish(status: string, response: Readonly<Record<string, unknown>>): EventMeaning {
    this.delivery.read(response)
    // The closing event repeats the whole output, including parts of it for which no deltas were sent.
    if (!this.delivery.report.usage) this.delivery.addWhole(response['output'])
    this.finishReasons = [status]
    if (status === 'failed' && !this.#begun) {
      return faultFrom(isRecord(response['error']) ? response['error'] : {})
    }
    this.proven = true
    return 'end'
  }
}

/** Whether a delta is a text that is not empty. Most events are such deltas, and need no deeper search for content. */
function hasText(delta: unknown): boolean {
  return typeof delta === 'string' && delta !== ''
}

/** Returns the status with which an event closes the response; undefined when it does not close it. */
function closingStatus(type: string, response: unknown): string | undefined {
  if (!type.startsWith('response.')) return undefined
  const name = type.slice('response.'.length)
  if (TERMINAL.has(name)) return name
  if (name.includes('.') || OPENING.has(name) || !isRecord(response)) return undefined
  const { status } = response
  return typeof status === 'string' && TERMINAL.has(status) ? status : undefined
}
