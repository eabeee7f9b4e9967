import type { AnswerRefusal } from './answer-refusal.ts'
import type { LlmOperation } from './is-safe-to-cache.ts'
import { list, record, type Json } from './json.ts'

/**
 * What the events of a stream prove of its answer, told one after the other: for whoever has parsed them already, and need not
 * have them parsed again at the end.
 */
export class AnswerProof {
  readonly #operation: LlmOperation
  readonly #finished = new Map<unknown, unknown>()
  #response: AnswerRefusal | undefined = 'incomplete'
  #fault: 'error' | 'incomplete' | undefined

  constructor(operation: LlmOperation) {
    this.#operation = operation
  }

  /**
   * One more event with data; `[DONE]` need not be told.
   * @param name its `event:` field
   * @param body its data; undefined when that is no JSON object
   */
  add(name: string | undefined, body: Json | undefined): void {
    if (this.#fault) return
    if (!body) {
      this.#fault = 'incomplete'
      return
    }
    const type = body['type'] ?? name
    if (body['error'] != null || type === 'error' || type === 'response.failed') this.#fault = 'error'
    else if (type === 'response.completed' || type === 'response.incomplete')
      this.#response = ofResponse(record(body['response']))
    else if (Array.isArray(body['choices'])) this.#addChoices(body['choices'])
  }

  /** Why the answer must not be given again, if this was its end; undefined if it may be. */
  get refusal(): AnswerRefusal | undefined {
    if (this.#fault) return this.#fault
    if (this.#operation === 'responses') return this.#response
    if (this.#finished.size === 0) return 'incomplete'
    for (const reason of this.#finished.values()) {
      const refusal = ofFinish(reason)
      if (refusal) return refusal
    }
    return undefined
  }

  #addChoices(choices: readonly unknown[]): void {
    for (const each of choices) {
      const choice = record(each)
      const index = choice['index'] ?? 0
      this.#finished.set(index, choice['finish_reason'] ?? this.#finished.get(index))
    }
  }
}

/** The same of an answer that is one JSON object. */
export function jsonRefusal(operation: LlmOperation, body: Json): AnswerRefusal | undefined {
  if (body['error'] != null) return 'error'
  if (operation === 'responses') return ofResponse(body)
  if (operation === 'embeddings') return list(body['data']).length > 0 ? undefined : 'incomplete'
  const choices = list(body['choices'])
  if (choices.length === 0) return 'incomplete'
  for (const choice of choices) {
    const refusal = ofFinish(choice['finish_reason'])
    if (refusal) return refusal
  }
  return undefined
}

/** https://platform.openai.com/docs/api-reference/responses/object: `status` and `incomplete_details`. */
function ofResponse({ status, incomplete_details: details }: Json): AnswerRefusal | undefined {
  if (status === 'completed') return undefined
  if (status === 'failed') return 'error'
  const reason = record(details)['reason']
  if (reason === 'max_output_tokens') return 'length'
  return reason === 'content_filter' ? 'content-filter' : 'incomplete'
}

/** https://platform.openai.com/docs/api-reference/chat/object: `finish_reason`. */
function ofFinish(reason: unknown): AnswerRefusal | undefined {
  if (reason === 'stop' || reason === 'tool_calls' || reason === 'function_call') return undefined
  if (reason === 'length') return 'length'
  return reason === 'content_filter' ? 'content-filter' : 'incomplete'
}
