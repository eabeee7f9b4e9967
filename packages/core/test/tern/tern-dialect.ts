import type { StreamFaultError } from '../../src/base/errors.ts'
import { isRecord, parseJson, type JsonBody } from '../../src/base/json.ts'
import { Delivery } from '../../src/protocols/shared/delivery.ts'
import { faultFrom, parseEvent } from '../../src/protocols/shared/in-band-fault.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../../src/protocols/shared/stream-dialect.ts'
import type { SseEvent } from '../../src/wire/sse-event.ts'
import { TernCounts } from './tern-counts.ts'

/** Two events prove the end, one after the other: `closing`, with the reason, and `closed`. Errors come as lists. */
export class TernDialect implements StreamDialect {
  responseId: string | undefined
  readonly delivery = new Delivery(new TernCounts())
  finishReasons: readonly string[] = []
  #isClosing = false
  proven = false

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'nothing'
    const list = parseJson(event.data)
    if (Array.isArray(list)) {
      const fault = (list as readonly unknown[]).map(
        (item) => isRecord(item) && this.faultIn(undefined, item),
      )
      return fault.find((each) => each !== false && each !== undefined) || 'nothing'
    }
    const data = parseEvent(event)
    if (event.name === 'closing') this.#isClosing = true
    if (typeof data['why'] === 'string') this.finishReasons = [data['why']]
    if (event.name === 'closed') {
      this.proven = this.#isClosing
      return 'end'
    }
    this.delivery.add(data['turn'])
    this.delivery.read(data)
    return isRecord(data['turn']) ? 'content' : 'quiet'
  }

  faultIn(_name: string | undefined, { fault }: JsonBody): StreamFaultError | undefined {
    return isRecord(fault) ? faultFrom(fault) : undefined
  }

  isRaised(event: SseEvent): boolean {
    return event.data?.startsWith('[') === true
  }

  faultEvent({ code, message }: { code: string; message: string }): FaultEvent {
    return { name: undefined, json: { fault: { kind: code, text: message, status: 500 } } }
  }
}
