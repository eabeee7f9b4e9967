export { BadLineError } from './jsonl/bad-line-error.ts'
export { readJsonl, type BadLine, type ReadJsonlOptions } from './jsonl/read-jsonl.ts'
export { UnreadableFileError } from './jsonl/unreadable-file-error.ts'
export type { HeadersLike } from './limits/headers.ts'
export {
  parseRateLimitHeaders,
  type ObservedLimit,
  type ObservedLimits,
} from './limits/rate-limit-headers.ts'
