import { cleanWord } from '../../base/clean.ts'
import { StreamFaultError } from '../../base/errors.ts'
import { isRecord, type JsonBody } from '../../base/json.ts'
import { DONE, isHollow, type SseEvent } from '../../wire/sse-event.ts'
import { responseIdOf } from '../openai/response-id.ts'
import { Delivery } from '../shared/delivery.ts'
import { isFinishReason } from '../shared/finish-reasons.ts'
import { inBandFault, ReportedFault } from '../shared/in-band-fault.ts'
import { readData } from '../shared/read-data.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../shared/stream-dialect.ts'
import { fieldsHaveSubstance, hasSubstance } from '../shared/substance.ts'
import { errorBody, isErrorType, withVendorFacts } from './errors.ts'
import { MessagesUsage } from './messages-usage.ts'

/**
 * Reads streams of the Messages API. The stream is proven complete by `message_delta` with a stop reason, followed by `message_stop`.
 * `message_start`, `ping` and content blocks that begin empty are not content. Unknown events are passed on, since Anthropic may add events
 * within a version: https://platform.claude.com/docs/en/build-with-claude/streaming.
 */
export class MessagesDialect implements StreamDialect {
  responseId: string | undefined
  readonly delivery = new Delivery(new MessagesUsage())
  proven = false
  finishReasons: readonly string[] = []

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined || event.name === 'ping') return 'nothing'
    if (event.data === DONE) return 'end'
    if (isHollow(event)) return 'nothing'
    const data = readData(event)
    if (data instanceof StreamFaultError) return asVendorFault(data)
    switch (data['type'] ?? event.name) {
      case 'content_block_delta':
        return this.#readDelta(data['delta'])
      case 'content_block_start':
        return this.#readContent(withoutMarks(data['content_block']))
      case 'content_block_stop':
        return 'progress'
      case 'message_start':
        return this.#readStart(data)
      case 'message_delta':
        return this.#readEnd(data)
      case 'message_stop':
        this.proven = this.finishReasons.length > 0
        return 'end'
      case 'ping':
        return 'nothing'
      default:
        return this.#readUnknown(data)
    }
  }

  /** Gives an event without a name its type as the name, since Anthropic's SDK ignores events without a name. */
  asRead(event: SseEvent): SseEvent {
    const type = event.json?.['type']
    return event.name === undefined && typeof type === 'string' ? { ...event, name: cleanWord(type) } : event
  }

  faultIn(name: string | undefined, data: JsonBody): StreamFaultError | undefined {
    const fault = inBandFault(name, data)
    return fault && asVendorFault(fault)
  }

  isRaised({ name, form }: SseEvent): boolean {
    return name === 'error' && form === undefined
  }

  faultEvent(fault: { code: string; message: string }): FaultEvent {
    const { code, message } = fault
    const reported = fault instanceof StreamFaultError ? ReportedFault.reportedBy(fault) : undefined
    const type = [reported?.type, code].find(isErrorType)
    const error = { message, type, code: code === type ? reported?.code : code }
    return { name: 'error', json: errorBody(error, type ?? 'api_error') }
  }

  #readDelta(delta: unknown): EventMeaning {
    if (!isRecord(delta)) return 'progress'
    const { text } = delta
    // Most events are such deltas, and need no search for content.
    if (typeof text === 'string' && text !== '') {
      this.delivery.add(text)
      return 'content'
    }
    // A signature is made by the provider, not by the model.
    if (delta['type'] === 'signature_delta') return hasSubstance(delta['signature']) ? 'content' : 'progress'
    return this.#readContent(delta)
  }

  #readContent(content: unknown): EventMeaning {
    if (!isRecord(content) || !fieldsHaveSubstance(content)) return 'progress'
    this.delivery.add(content)
    return 'content'
  }

  #readStart(data: JsonBody): EventMeaning {
    const message = isRecord(data['message']) ? data['message'] : {}
    this.responseId ??= responseIdOf(message)
    const meaning = this.#readContent({ content: message['content'] })
    this.delivery.read(data)
    return meaning === 'content' ? meaning : 'quiet'
  }

  #readEnd(data: JsonBody): EventMeaning {
    const { delta } = data
    const reason = isRecord(delta) ? delta['stop_reason'] : undefined
    if (isFinishReason(reason)) this.finishReasons = [cleanWord(reason)]
    this.delivery.read(data)
    return 'quiet'
  }

  /** Reads an event of an unknown type. It can be content only if its type ends in `_delta`. Any other unknown event is only progress. */
  #readUnknown(data: JsonBody): EventMeaning {
    const { type } = data
    return typeof type === 'string' && type.endsWith('_delta') ? this.#readContent(data) : 'progress'
  }
}

/**
 * Returns a block without the fields that only describe it. So a tool call that is announced with its name has no content until its
 * arguments arrive.
 */
function withoutMarks(block: unknown): unknown {
  if (!isRecord(block)) return undefined
  const {
    name: _name,
    tool_use_id: _id,
    server_name: _server,
    caller: _caller,
    from: _from,
    to: _to,
    ...content
  } = block
  return content
}

/** Adds the code and the status that Anthropic's format implies, if the provider reported the fault. */
function asVendorFault(fault: StreamFaultError): StreamFaultError {
  const reported = ReportedFault.reportedBy(fault)
  return reported ? new ReportedFault(withVendorFacts(reported)) : fault
}
