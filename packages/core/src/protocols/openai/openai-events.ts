import type { StreamFaultError } from '../../base/errors.ts'
import type { JsonBody } from '../../base/json.ts'
import type { SseEvent } from '../../wire/sse-event.ts'
import { inBandFault } from '../shared/in-band-fault.ts'

/** Recognises errors in the events of OpenAI's streams, and of streams in a similar format. */
export abstract class OpenAIEvents {
  faultIn(name: string | undefined, data: JsonBody): StreamFaultError | undefined {
    return inBandFault(name, data)
  }

  isRaised({ name, json, form }: SseEvent): boolean {
    if (form !== undefined || json === undefined) return false
    return name === 'error' || Boolean(json['error']) || json['type'] === 'error'
  }
}
