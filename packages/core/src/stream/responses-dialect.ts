import { isRecord } from '../wire/json.ts'
import type { TokenUsage } from '../receipt.ts'
import { readUsage } from '../wire/usage.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from './dialect.ts'
import { faultFrom, inBandFault, parseEvent } from './in-band-fault.ts'
import type { SseEvent } from './sse-splitter.ts'

/** Tells of the life of the response, and brings nothing to the reader. */
const LIFECYCLE = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'keepalive',
  'ping',
])

/**
 * The Responses API. Proof: one of `response.completed`, `response.incomplete`, `response.failed`.
 * A failed one is proof too: the provider says itself that nothing follows. Before any content it is a failure
 * like any other, and may be tried again.
 */
export class ResponsesDialect implements StreamDialect {
  usage: TokenUsage | undefined
  contents = 0
  proven = false
  finishReasons: readonly string[] = []
  #begun = false

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'quiet'
    if (event.data === '[DONE]') return 'end'
    const data = parseEvent(event)
    const fault = inBandFault(event.name, data)
    if (fault) return fault
    const type = typeof data['type'] === 'string' ? data['type'] : (event.name ?? '')
    if (type === 'response.completed' || type === 'response.incomplete' || type === 'response.failed') {
      return this.#finish(type, isRecord(data['response']) ? data['response'] : {})
    }
    if (LIFECYCLE.has(type) || type === '') return 'quiet'
    this.#begun = true
    if (type.endsWith('.delta')) this.contents++
    return 'content'
  }

  faultEvent({ code, message }: { code: string; message: string }): FaultEvent {
    return { name: 'error', json: { type: 'error', code, message, param: null } }
  }

  #finish(type: string, response: Readonly<Record<string, unknown>>): EventMeaning {
    this.usage = readUsage(response['usage']) ?? this.usage
    this.finishReasons = [type.slice('response.'.length)]
    if (type === 'response.failed' && !this.#begun) {
      return faultFrom(isRecord(response['error']) ? response['error'] : {})
    }
    this.proven = true
    return 'end'
  }
}
