export { describeValue, didYouMean, type OtherNames } from './options.ts'
export { parseRetryAfter, readHeader, type HeadersLike } from './retry-after.ts'
export { LONGEST_TIMER_MS } from './timer.ts'
