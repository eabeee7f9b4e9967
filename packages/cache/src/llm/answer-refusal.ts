import { AnswerProof, jsonRefusal } from './answer-proof.ts'
import { eventsOf } from './events-of.ts'
import type { LlmOperation } from './is-safe-to-cache.ts'
import { parse, type Json } from './json.ts'

/** A model's answer: its bytes as they came over the wire, or what somebody has read of them already. */
export type LlmAnswer = LlmAnswerFacts &
  (
    | {
        /** Whether it is a stream of events; JSON otherwise. */
        readonly stream: boolean
        readonly chunks: readonly Uint8Array[]
      }
    | { readonly json: Json }
    | { readonly proof: AnswerProof }
  )

export interface LlmAnswerFacts {
  readonly operation: LlmOperation
  readonly status: number
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
  const { status, target, firstTarget } = answer
  if (status !== 200) return 'status'
  if (target !== firstTarget && !rules.keepFallbackAnswers) return 'fallback'
  const refusal = contentRefusal(answer)
  return refusal === 'length' && rules.keepLength ? undefined : refusal
}

function contentRefusal(answer: LlmAnswer): AnswerRefusal | undefined {
  const { operation } = answer
  if ('json' in answer) return jsonRefusal(operation, answer.json)
  if ('proof' in answer) return answer.proof.refusal
  const text = textOf(answer.chunks)
  if (answer.stream) return streamRefusal(operation, text)
  const json = parse(text)
  return json ? jsonRefusal(operation, json) : 'incomplete'
}

function streamRefusal(operation: LlmOperation, text: string): AnswerRefusal | undefined {
  const { events, rest } = eventsOf(text)
  // Half an event at the end: it was cut.
  if (rest) return 'incomplete'
  const proof = new AnswerProof(operation)
  for (const { name, data } of events) if (data !== '[DONE]') proof.add(name, parse(data))
  return proof.refusal
}

function textOf(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join('') + decoder.decode()
}
