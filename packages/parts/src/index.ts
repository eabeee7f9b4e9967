export { parseExactly } from './exact-numbers.ts'
export { ObservedCall, type Observation } from './observed-call.ts'
export {
  aClock,
  aFunction,
  anObject,
  aSignal,
  checkOptions,
  checksOf,
  describeValue,
  expectValue,
  having,
  type Check,
  type Checks,
} from './options.ts'
export { parseRetryAfter, readHeader, type HeadersLike } from './retry-after.ts'
export { didYouMean, suggestionFor, type NamesElsewhere } from './suggestions.ts'
export { MAX_TIMER_MS, systemClock } from './time.ts'
export { timeLimit } from './time-limit.ts'
export { discardBody, rejection, untilAborted } from './until-aborted.ts'
