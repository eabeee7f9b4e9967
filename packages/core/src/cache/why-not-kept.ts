import type { CacheRules } from '../options/cache-options.ts'
import type { AnswerRefusal } from '../protocols/protocol.ts'

/** The target that answered, and the requested one. */
export interface AnsweredBy {
  readonly target: string | undefined
  readonly firstTarget: string | undefined
}

/** Why an answer is not cached, in a word for the receipt; undefined when it is. */
export function whyNotKept(
  { target, firstTarget }: AnsweredBy,
  refusal: AnswerRefusal | undefined,
  rules: CacheRules,
): AnswerRefusal | 'fallback' | undefined {
  if (target !== firstTarget && !rules.keepFallbackAnswers) return 'fallback'
  return isAllowed(refusal, rules) ? undefined : refusal
}

/** Whether an answer may be cached for its content. One cut off by its token limit may, if the user allows it. */
export function isAllowed(refusal: AnswerRefusal | undefined, { keepLength }: CacheRules): boolean {
  return refusal === undefined || (refusal === 'length' && keepLength)
}
