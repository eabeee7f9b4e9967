import type { CacheRules } from '../options/cache-options.ts'
import type { AnswerRefusal } from '../protocols/protocol.ts'

/** The target that answered, and the first target of the chain. */
export interface AnsweredBy {
  readonly target: string | undefined
  readonly firstTarget: string | undefined
}

/** The reason why an answer is not cached, as one word for the receipt; undefined when the answer is cached. */
export function whyNotKept(
  { target, firstTarget }: AnsweredBy,
  refusal: AnswerRefusal | undefined,
  rules: CacheRules,
): AnswerRefusal | 'fallback' | undefined {
  if (target !== firstTarget && !rules.keepFallbackAnswers) return 'fallback'
  return isAllowed(refusal, rules) ? undefined : refusal
}

/** Whether the content of an answer may be cached. Content that was cut off by its token limit may be cached only if the user allows it. */
export function isAllowed(refusal: AnswerRefusal | undefined, { keepLength }: CacheRules): boolean {
  return refusal === undefined || (refusal === 'length' && keepLength)
}
