import type { LlmOperation } from './is-safe-to-cache.ts'
import { eventsOf } from './events-of.ts'

/** A model's answer, as it came over the wire. */
export interface LlmAnswer {
  readonly operation: LlmOperation
  readonly status: number
  /** Whether it is a stream of events; JSON otherwise. */
  readonly stream: boolean
  readonly chunks: readonly Uint8Array[]
  /** Who answered, and who was asked first. */
  readonly target?: string | undefined
  readonly firstTarget?: string | undefined
}

export interface AnswerRules {
  /** Keep the answer of another target than the first under the first one's name. @default false */
  keepFallbackAnswers?: boolean | undefined
  /** Keep answers that were cut at their length limit: asked again, they may be the same. @default false */
  keepLength?: boolean | undefined
}

/** Why an answer is not kept. */
export type AnswerRefusal = 'status' | 'fallback' | 'length' | 'content-filter' | 'error' | 'incomplete'

/**
 * Why this answer must not be given again, or undefined if it may: it has to prove that it is whole. A stream proves it by a
 * finish reason for each choice it has begun, or `response.completed`; JSON by what it says of itself. What was cut, filtered,
 * failed or came from a stand-in is no answer to keep.
 */
export function answerRefusal(answer: LlmAnswer, rules: AnswerRules = {}): AnswerRefusal | undefined {
  const { operation, status, stream, chunks, target, firstTarget } = answer
  if (status !== 200) return 'status'
  if (target !== firstTarget && !rules.keepFallbackAnswers) return 'fallback'
  const text = textOf(chunks)
  const refusal = stream ? ofStream(operation, text) : ofJson(operation, text)
  return refusal === 'length' && rules.keepLength ? undefined : refusal
}

type Json = Readonly<Record<string, unknown>>

function ofJson(operation: LlmOperation, text: string): AnswerRefusal | undefined {
  const body = parse(text)
  if (!body) return 'incomplete'
  if (body['error'] != null) return 'error'
  if (operation === 'responses') return ofResponse(body)
  if (operation === 'embeddings') return list(body['data']).length > 0 ? undefined : 'incomplete'
  const choices = list(body['choices'])
  if (choices.length === 0) return 'incomplete'
  return firstOf(choices.map((choice) => ofFinish(choice['finish_reason'])))
}

function ofStream(operation: LlmOperation, text: string): AnswerRefusal | undefined {
  const { events, rest } = eventsOf(text)
  // Half an event at the end: it was cut.
  if (rest) return 'incomplete'
  const finished = new Map<unknown, unknown>()
  let response: AnswerRefusal | undefined = 'incomplete'
  for (const { name, data } of events) {
    if (data === '[DONE]') continue
    const body = parse(data)
    if (!body) return 'incomplete'
    const type = body['type'] ?? name
    if (body['error'] != null || type === 'error' || type === 'response.failed') return 'error'
    if (type === 'response.completed' || type === 'response.incomplete')
      response = ofResponse(record(body['response']))
    for (const choice of list(body['choices'])) {
      const index = choice['index'] ?? 0
      finished.set(index, choice['finish_reason'] ?? finished.get(index))
    }
  }
  if (operation === 'responses') return response
  return finished.size === 0 ? 'incomplete' : firstOf([...finished.values()].map(ofFinish))
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

function firstOf(refusals: readonly (AnswerRefusal | undefined)[]): AnswerRefusal | undefined {
  return refusals.find(Boolean)
}

function textOf(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}

function parse(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(record) : []
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
