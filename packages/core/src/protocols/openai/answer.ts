import { cleanWord } from '../../base/clean.ts'
import { isRecord, type JsonBody } from '../../base/json.ts'
import type { AnswerFormat } from '../protocol.ts'
import { isFinishReason, MAX_REASONS } from '../shared/finish-reasons.ts'
import { OpenAIUsage } from './openai-usage.ts'
import { responseIdOf } from './response-id.ts'

const FILTERED = 'content_filter'
/** The statuses of a background response that the provider has not finished, although it has already answered the request. */
const UNFINISHED = new Set<unknown>(['queued', 'in_progress'])

/** How the common fields of OpenAI's answers are read. All endpoints share these rules, since compatible servers mix their formats. */
export const ANSWER: Omit<AnswerFormat, 'missing'> = {
  finishReasonsOf(answer) {
    const choices = Array.isArray(answer['choices']) ? (answer['choices'] as readonly unknown[]) : []
    const reasons = choices.map((choice) => (isRecord(choice) ? choice['finish_reason'] : undefined))
    if (answer['object'] === 'response') reasons.push(answer['status'])
    return reasons.filter(isFinishReason).slice(0, MAX_REASONS).map(cleanWord)
  },
  isFiltered(finishReasons, answer) {
    const incomplete = answer?.['incomplete_details']
    return finishReasons.includes(FILTERED) || (isRecord(incomplete) && incomplete['reason'] === FILTERED)
  },
  idOf: responseIdOf,
  modelOf: ({ model }) => (typeof model === 'string' ? model : undefined),
  usageOf: (answer) => usageOf(answer, true),
  isUnfinished: ({ status }) => UNFINISHED.has(status),
}

/**
 * Reads the token usage and cost that an answer reports.
 * @param hasOutput false for embeddings, which have no completion
 */
export function usageOf(answer: JsonBody, hasOutput: boolean): OpenAIUsage {
  const usage = new OpenAIUsage(hasOutput)
  usage.read(answer)
  return usage
}
