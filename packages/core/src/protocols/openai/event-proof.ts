import type { JsonBody } from '../../base/json.ts'
import type { AnswerProof, AnswerRefusal } from '../protocol.ts'

/** What the events of a stream prove about its answer: an error, or data that is no object, refutes all others. */
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

  /** @param type the event's own type, else its name */
  protected abstract read(type: unknown, body: JsonBody): void
  protected abstract readonly refusalOfContent: AnswerRefusal | undefined
}
