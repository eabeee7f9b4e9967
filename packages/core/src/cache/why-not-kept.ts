import type { CacheRules } from '../options/cache-options.ts'
import type { AnswerRefusal } from '../protocols/protocol.ts'

/** Which target answered, and which one the request was for. */
export interface AnsweredBy {
  readonly target: string | undefined
  readonly firstTarget: string | undefined
}

/** Why an answer is not kept, in a word; undefined when it is. */
export function whyNotKept(
  { target, firstTarget }: AnsweredBy,
  refusal: AnswerRefusal | undefined,
  rules: CacheRules,
): AnswerRefusal | 'fallback' | undefined {
  if (target !== firstTarget && !rules.keepFallbackAnswers) return 'fallback'
  return isAllowed(refusal, rules) ? undefined : refusal
}

/** Whether the content of an answer may be kept: one that was cut at its limit may be the same the next time. */
export function isAllowed(refusal: AnswerRefusal | undefined, { keepLength }: CacheRules): boolean {
  return refusal === undefined || (refusal === 'length' && keepLength)
}
