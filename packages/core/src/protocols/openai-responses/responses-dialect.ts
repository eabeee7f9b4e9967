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

/** These close a response, and so does every other event about a whole response that gives it such a status. */
const TERMINAL = new Set(['completed', 'incomplete', 'failed', 'cancelled'])
/** These snapshots open one; a replayed one may already hold the final status. */
const OPENING = new Set(['created', 'queued', 'in_progress'])

/**
 * The Responses API. Proof: one of `response.completed`, `response.incomplete`, `response.failed`.
 * A failed one is proof too: the provider says itself that nothing follows. Before any content it is a failure
 * like any other, and may be tried again. Lifecycle events and announced items that are still empty are no content.
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
    // The text that came in pieces is repeated whole, with what had no pieces.
    if (!this.delivery.report.usage) this.delivery.addWhole(response['output'])
    this.finishReasons = [status]
    if (status === 'failed' && !this.#begun) {
      return faultFrom(isRecord(response['error']) ? response['error'] : {})
    }
    this.proven = true
    return 'end'
  }
}

/** Most events are deltas of text, and need no further look. */
function hasText(delta: unknown): boolean {
  return typeof delta === 'string' && delta !== ''
}

/** The status with which an event closes the response; undefined when it does not. */
function closingStatus(type: string, response: unknown): string | undefined {
  if (!type.startsWith('response.')) return undefined
  const name = type.slice('response.'.length)
  if (TERMINAL.has(name)) return name
  if (name.includes('.') || OPENING.has(name) || !isRecord(response)) return undefined
  const { status } = response
  return typeof status === 'string' && TERMINAL.has(status) ? status : undefined
}
