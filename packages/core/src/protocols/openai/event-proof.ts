import type { JsonBody } from '../../base/json.ts'
import type { AnswerProof, AnswerRefusal } from '../protocol.ts'

/**
 * Decides from the events of a stream whether its answer may be cached. One error event, or one event whose data is not an object, is
 * enough to prevent caching, whatever else the stream contains.
 */
export abstract class EventProof implements AnswerProof {
  #fault: 'error' | 'incomplete' | undefined

  add(name: string | undefined, body: JsonBody | undefined): void {
    if (this.#fault) return
    if (!body) {
      this.#fault = 'incomplete'
      return
    }
    const type = body['type'] ?? name
    if (body['error'] != null || type === 'error' || type === 'response.failed') this.#fault = 'error'
    else this.read(type, body)
  }

  get refusal(): AnswerRefusal | undefined {
    return this.#fault ?? this.refusalOfContent
  }

  /**
   * Reads one event with data.
   * @param type the `type` field of the data, or the event's name if there is none
   */
  protected abstract read(type: unknown, body: JsonBody): void
  protected abstract readonly refusalOfContent: AnswerRefusal | undefined
}
