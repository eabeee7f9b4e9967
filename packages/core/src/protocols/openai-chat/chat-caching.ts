import { isRecord, type JsonBody } from '../../base/json.ts'
import { EventProof } from '../openai/event-proof.ts'
import type { AnswerRefusal, CachingRules } from '../protocol.ts'

/**
 * Which chat and completion answers may be cached. Their request must be meant to be repeatable (temperature 0, or a seed), must want one
 * choice, and must not have the answer stored at the provider (`store: true`).
 */
export const CHAT_CACHING: CachingRules = {
  whyUnsafe({ temperature, seed, n, best_of: bestOf, store }) {
    if (temperature !== 0 && typeof seed !== 'number') return 'not-repeatable'
    if ((n ?? 1) !== 1 || (bestOf ?? 1) !== 1) return 'several-choices'
    return store === true ? 'stateful' : undefined
  },
  refusalOf(answer) {
    if (answer['error'] != null) return 'error'
    const choices = objectsIn(answer['choices'])
    if (choices.length === 0) return 'incomplete'
    return firstRefusal(choices.map((choice) => choice['finish_reason']))
  },
  newProof: () => new ChatProof(),
}

/** Decides whether a streamed chat answer may be cached: every choice that began must have a finish reason that allows caching. */
class ChatProof extends EventProof {
  readonly #finished = new Map<unknown, unknown>()

  protected override read(_type: unknown, body: JsonBody): void {
    for (const choice of objectsIn(body['choices'])) {
      const index = choice['index'] ?? 0
      this.#finished.set(index, choice['finish_reason'] ?? this.#finished.get(index))
    }
  }

  protected override get refusalOfContent(): AnswerRefusal | undefined {
    return this.#finished.size === 0 ? 'incomplete' : firstRefusal(this.#finished.values())
  }
}

function firstRefusal(reasons: Iterable<unknown>): AnswerRefusal | undefined {
  for (const reason of reasons) {
    const refusal = refusalOfFinish(reason)
    if (refusal) return refusal
  }
  return undefined
}

/**
 * Returns the reason why an answer with this finish reason must not be cached; undefined when it may be cached. See
 * https://platform.openai.com/docs/api-reference/chat/object
 */
function refusalOfFinish(reason: unknown): AnswerRefusal | undefined {
  if (reason === 'stop' || reason === 'tool_calls' || reason === 'function_call') return undefined
  if (reason === 'length') return 'length'
  return reason === 'content_filter' ? 'content-filter' : 'incomplete'
}

/** Returns the items of a list as objects. An item that is not an object becomes an empty one. */
function objectsIn(list: unknown): readonly JsonBody[] {
  return Array.isArray(list) ? list.map((item) => (isRecord(item) ? item : {})) : []
}
