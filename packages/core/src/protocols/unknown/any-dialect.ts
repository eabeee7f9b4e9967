import { ChatDialect } from '../openai-chat/chat-dialect.ts'
import { OpenAIEvents } from '../openai/openai-events.ts'
import { OpenAIUsage } from '../openai/openai-usage.ts'
import { Delivery } from '../shared/delivery.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../shared/stream-dialect.ts'
import { parseEvent } from '../shared/in-band-fault.ts'
import { isPing } from '../shared/substance.ts'
import { ResponsesDialect } from '../openai-responses/responses-dialect.ts'
import { DONE, type SseEvent } from '../../wire/sse-event.ts'
import { isChatChunk, isResponsesEvent, TypedDialect } from './typed-dialect.ts'
import type { JsonBody } from '../../base/json.ts'

/**
 * Reads streams of endpoints that Harbor does not know. The first event with data decides which dialect is used. So Harbor can check a
 * resumed response, a transcription or an image stream, even though it does not recognise the request by method and path.
 */
export class AnyDialect extends OpenAIEvents implements StreamDialect {
  #dialect: StreamDialect | undefined
  readonly #errors: StreamDialect | undefined

  /** @param errors decides the form of error events. By default, they have the form of the dialect that is used. */
  constructor(errors?: StreamDialect) {
    super()
    this.#errors = errors
  }

  get proven(): boolean {
    return this.#dialect?.proven ?? false
  }

  get endsWithBody(): boolean {
    return this.#dialect ? (this.#dialect.endsWithBody ?? false) : true
  }

  get responseId(): string | undefined {
    return this.#dialect?.responseId
  }

  get delivery(): Delivery {
    return this.#dialect?.delivery ?? new Delivery(new OpenAIUsage())
  }

  get finishReasons(): readonly string[] {
    return this.#dialect?.finishReasons ?? []
  }

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'nothing'
    const dialect = this.#dialect ?? dialectOf(event)
    if (!dialect) return 'nothing'
    this.#dialect = dialect
    return dialect.read(event)
  }

  override isRaised(event: SseEvent): boolean {
    return this.#errors ? this.#errors.isRaised(event) : super.isRaised(event)
  }

  faultEvent(fault: { code: string; message: string }): FaultEvent {
    return (this.#errors ?? this.#dialect ?? new TypedDialect('')).faultEvent(fault)
  }
}

/** Chooses the dialect to which the first event belongs; undefined for a ping, after which events of any dialect may follow. */
function dialectOf(event: SseEvent): StreamDialect | undefined {
  const data = objectIn(event)
  const type = typeof data?.['type'] === 'string' ? data['type'] : (event.name ?? '')
  if (data && (type === '' ? Object.keys(data).length === 0 : PING.test(type) && isPing(data)))
    return undefined
  if (isResponsesEvent(type)) return new ResponsesDialect()
  if (isChatChunk(data)) return new ChatDialect()
  return new TypedDialect(event.name?.startsWith('thread.') ? event.name : type)
}

const PING = /^(?:ping|keep-?alive|heartbeat)$/i

function objectIn(event: SseEvent): JsonBody | undefined {
  if (event.data === DONE) return undefined
  try {
    return parseEvent(event)
  } catch {
    return undefined
  }
}
