import { cleanWord } from '../../base/clean.ts'
import { isRecord, type JsonBody } from '../../base/json.ts'
import { responseIdOf } from '../openai/response-id.ts'
import type { AnswerFormat } from '../protocol.ts'
import { isFinishReason } from '../shared/finish-reasons.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'
import { MessagesUsage } from './messages-usage.ts'

/** The stop reason when Anthropic's safety classifiers declined to answer. Harbor treats this as an answer, not as a failure. */
const REFUSED = 'refusal'

/** How a message is read: it must have content, or a stop reason that says why it has none. */
export const MESSAGES_ANSWER: AnswerFormat = {
  missing: (_request, answer) =>
    isMessage(answer) ? undefined : new MissingAnswerError('without the content of a message'),
  finishReasonsOf: ({ stop_reason: reason }) => (isFinishReason(reason) ? [cleanWord(reason)] : []),
  isFiltered: (finishReasons) => finishReasons.includes(REFUSED),
  idOf: responseIdOf,
  modelOf: ({ model }) => (typeof model === 'string' ? model : undefined),
  usageOf(answer) {
    const usage = new MessagesUsage()
    usage.read(answer)
    return usage
  },
  isUnfinished: () => false,
}

function isMessage({ type = 'message', content, stop_reason: reason }: JsonBody): boolean {
  return type === 'message' && Array.isArray(content) && (content.length > 0 || isFinishReason(reason))
}

/**
 * How the answer to a request that counts tokens is read: it must have the number of input tokens. Such a request is free, so its answer
 * reports no usage.
 */
export const COUNT_ANSWER: AnswerFormat = {
  ...MESSAGES_ANSWER,
  missing: (_request, answer) =>
    isCount(answer) ? undefined : new MissingAnswerError('without the number of input tokens'),
  finishReasonsOf: () => [],
  isFiltered: () => false,
  usageOf: () => ({ usage: undefined, serviceTier: undefined, costUsd: undefined }),
}

function isCount(answer: unknown): boolean {
  return isRecord(answer) && Number.isSafeInteger(answer['input_tokens'])
}
