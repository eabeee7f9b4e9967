import type { CacheRules } from '../options/cache-options.ts'
import type { AnswerRefusal } from '../protocols/protocol.ts'

/** The target that answered a call, and the first target of its fallback chain. */
export interface AnsweredBy {
  readonly target: string | undefined
  readonly firstTarget: string | undefined
}

/** Returns the reason why an answer is not cached, as one word for the receipt; undefined if the answer is cached. */
export function whyNotKept(
  { target, firstTarget }: AnsweredBy,
  refusal: AnswerRefusal | undefined,
  rules: CacheRules,
): AnswerRefusal | 'fallback' | undefined {
  if (target !== firstTarget && !rules.keepFallbackAnswers) return 'fallback'
  return isAllowed(refusal, rules) ? undefined : refusal
}

/**
 * Whether an answer may be cached, as far as its content is concerned. An answer that was cut off at its token limit may be cached only if
 * the user allows it.
 * @param refusal the reason why the content should not be cached; undefined if there is none
 */
export function isAllowed(refusal: AnswerRefusal | undefined, { keepTruncatedAnswers }: CacheRules): boolean {
  return refusal === undefined || (refusal === 'length' && keepTruncatedAnswers)
}
