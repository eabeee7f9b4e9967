export type { Attempt, Operation } from './run/attempt.ts'
export { backoff, type Backoff, type BackoffOptions } from './delay/backoff.ts'
export { classify } from './failure/classify.ts'
export { classifyStatus, type AnswerFacts } from './failure/classify-status.ts'
export type { Clock } from './clock.ts'
export type { GiveUpEvent, RetryEvent } from './events.ts'
export type { Failure, FailureKind } from './failure/failure.ts'
export type { Jitter } from './delay/jitter.ts'
export type { RetryDecision, RetryOptions, RunOptions } from './options.ts'
export { createRetry, retry, type RetryPolicy } from './retry.ts'
export { parseRetryAfter, type HeadersLike } from './delay/retry-after.ts'
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './retry-budget.ts'
export { StopRetrying } from './stop-retrying.ts'
export { TimeoutError } from './timeout-error.ts'
export {
  cooldownOf,
  situationAtEnd,
  situationOf,
  VERDICTS,
  type CooldownScope,
  type Situation,
  type Verdict,
} from './verdict/verdict.ts'
