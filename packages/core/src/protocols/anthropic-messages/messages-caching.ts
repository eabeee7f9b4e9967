import { isRecord, type JsonBody } from '../../base/json.ts'
import type { AnswerProof, AnswerRefusal, CachingRules } from '../protocol.ts'

/**
 * Which messages may be cached by default: those of requests with temperature 0. The newest version of the API refuses a temperature. Its
 * messages are cached only for requests that the user chooses.
 */
export const MESSAGES_CACHING: CachingRules = {
  whyUnsafe: ({ temperature }) => (temperature === 0 ? undefined : 'not-repeatable'),
  refusalOf: (answer) => (isError(answer) ? 'error' : refusalOfStop(answer['stop_reason'])),
  newProof: () => new MessagesProof(),
}

/** Decides whether a streamed message may be cached: it must have ended with `message_stop`, and with a stop reason that allows caching. */
class MessagesProof implements AnswerProof {
  #fault: AnswerRefusal | undefined
  #stopReason: unknown
  #hasStopped = false

  add(name: string | undefined, body: JsonBody | undefined): void {
    if (!body) this.#fault ??= 'incomplete'
    else if (name === 'error' || isError(body)) this.#fault ??= 'error'
    else this.#read(body['type'] ?? name, body['delta'])
  }

  get refusal(): AnswerRefusal | undefined {
    return this.#fault ?? (this.#hasStopped ? refusalOfStop(this.#stopReason) : 'incomplete')
  }

  #read(type: unknown, delta: unknown): void {
    if (type === 'message_stop') this.#hasStopped = true
    if (type === 'message_delta' && isRecord(delta))
      this.#stopReason = delta['stop_reason'] ?? this.#stopReason
  }
}

function isError({ type, error }: JsonBody): boolean {
  return type === 'error' || error != null
}

/** Returns the reason why a message with this stop reason must not be cached; undefined when it may be cached. */
function refusalOfStop(reason: unknown): AnswerRefusal | undefined {
  if (reason === 'end_turn' || reason === 'stop_sequence' || reason === 'tool_use') return undefined
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length'
  return reason === 'refusal' ? 'content-filter' : 'incomplete'
}
