import type { JsonBody } from '../../base/json.ts'
import { responseIdOf } from '../openai/response-id.ts'
import type { AnswerFormat } from '../protocol.ts'
import { MAX_REASONS } from '../shared/finish-reasons.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'
import { fieldsHaveSubstance } from '../shared/substance.ts'
import { recordAt } from './fields.ts'
import { blockReasonOf, candidatesIn, finishReasonOf, isFiltered } from './finish-reasons.ts'
import { GeminiUsage } from './gemini-usage.ts'

/** How an answer of `generateContent` is read: it must have a candidate, or say why the prompt was blocked. */
export const GEMINI_ANSWER: AnswerFormat = {
  missing: (_request, answer) =>
    blockReasonOf(answer) !== undefined || candidatesIn(answer).some(isAnswer)
      ? undefined
      : new MissingAnswerError('without a candidate'),
  finishReasonsOf(answer) {
    const blocked = blockReasonOf(answer)
    if (blocked !== undefined) return [blocked]
    return candidatesIn(answer)
      .slice(0, MAX_REASONS)
      .flatMap((candidate) => finishReasonOf(candidate) ?? [])
  },
  isFiltered,
  idOf: ({ responseId: id }) => responseIdOf({ id }),
  modelOf: ({ modelVersion: model }) => (typeof model === 'string' ? model : undefined),
  usageOf: (answer) => usageOf(answer, true),
  isUnfinished: () => false,
}

/** Whether a candidate is an answer: it has content, or a finish reason that says why it has none. */
function isAnswer(candidate: JsonBody): boolean {
  return finishReasonOf(candidate) !== undefined || fieldsHaveSubstance(recordAt(candidate, 'content'))
}

/**
 * Reads the token usage that an answer reports.
 * @param hasOutput false for embeddings, whose answers have no text
 */
export function usageOf(answer: JsonBody, hasOutput: boolean): GeminiUsage {
  const usage = new GeminiUsage(hasOutput)
  usage.read(answer)
  return usage
}
