import { cleanWord } from '../../base/clean.ts'
import { isRecord, type JsonBody } from '../../base/json.ts'
import type { AnswerRefusal } from '../protocol.ts'
import { isFinishReason } from '../shared/finish-reasons.ts'

/**
 * Matches the reasons with which Gemini says that its filters withheld an answer: https://ai.google.dev/api/generate-content#FinishReason.
 * Newer reasons match if they contain one of these words.
 */
const FILTERED =
  /SAFETY|RECITATION|BLOCK|PROHIBITED|SPII|MODEL_ARMOR|JAILBREAK|ESCALATION|PUP_LIMITED|CONTENT_FILTER/

/** Returns the finish reason of a candidate; undefined while it has none. */
export function finishReasonOf({ finishReason }: JsonBody): string | undefined {
  if (!isFinishReason(finishReason) || finishReason === 'FINISH_REASON_UNSPECIFIED') return undefined
  return cleanWord(finishReason)
}

/**
 * Returns the reason why the prompt was blocked; undefined if it was not. After a blocked prompt, there are no candidates. A reason that
 * names no filter, such as `OTHER`, gets the prefix `BLOCKED:`.
 */
export function blockReasonOf({ promptFeedback }: JsonBody): string | undefined {
  const reason = isRecord(promptFeedback) ? promptFeedback['blockReason'] : undefined
  if (!isFinishReason(reason) || /REASON_UNSPECIFIED$/.test(reason)) return undefined
  const word = cleanWord(reason)
  return FILTERED.test(word) ? word : `BLOCKED:${word}`
}

/** Whether one of the reasons says that a filter withheld something. */
export function isFiltered(reasons: readonly string[]): boolean {
  return reasons.some((reason) => FILTERED.test(reason))
}

/**
 * Returns the reason why an answer with this finish reason must not be cached; undefined when it may be cached. Only `STOP` is a clean end.
 * Every other finish reason, known or not, prevents caching.
 */
export function refusalOfFinish(reason: string | undefined): AnswerRefusal | undefined {
  if (reason === 'STOP') return undefined
  if (reason === 'MAX_TOKENS') return 'length'
  return reason !== undefined && FILTERED.test(reason) ? 'content-filter' : 'incomplete'
}

/** Returns the candidates of an answer or of a chunk. */
export function candidatesIn({ candidates }: JsonBody): readonly JsonBody[] {
  return Array.isArray(candidates) ? candidates.filter(isRecord) : []
}
