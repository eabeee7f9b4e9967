import { cleanWord } from '../../base/clean.ts'
import { isRecord, type JsonBody } from '../../base/json.ts'
import type { AnswerRefusal } from '../protocol.ts'
import { isFinishReason } from '../shared/finish-reasons.ts'

/**
 * The reasons by which Gemini says that its filters withheld an answer: https://ai.google.dev/api/generate-content#FinishReason. Newer
 * ones are recognised by their words.
 */
const FILTERED =
  /SAFETY|RECITATION|BLOCK|PROHIBITED|SPII|MODEL_ARMOR|JAILBREAK|ESCALATION|PUP_LIMITED|CONTENT_FILTER/

/** The finish reason of a candidate; undefined while it has none. */
export function finishReasonOf({ finishReason }: JsonBody): string | undefined {
  if (!isFinishReason(finishReason) || finishReason === 'FINISH_REASON_UNSPECIFIED') return undefined
  return cleanWord(finishReason)
}

/**
 * The reason for which the prompt was blocked; undefined if it was not. No candidate follows then. A reason that does not say so itself,
 * such as `OTHER`, gets the prefix `BLOCKED:`.
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
 * The reason why an answer with this finish reason must not be cached; undefined when it may be cached. Only `STOP` is a clean end. Unknown
 * finish reasons are not.
 */
export function refusalOfFinish(reason: string | undefined): AnswerRefusal | undefined {
  if (reason === 'STOP') return undefined
  if (reason === 'MAX_TOKENS') return 'length'
  return reason !== undefined && FILTERED.test(reason) ? 'content-filter' : 'incomplete'
}

/** The candidates of an answer or of a chunk. */
export function candidatesIn({ candidates }: JsonBody): readonly JsonBody[] {
  return Array.isArray(candidates) ? candidates.filter(isRecord) : []
}
