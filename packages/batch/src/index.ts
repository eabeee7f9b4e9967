export { BatchShapeError } from './batcher/errors.ts'
export type { Batcher } from './batcher/batcher.ts'
export { BatcherClosedError } from './batcher/errors.ts'
export { createBatcher } from './batcher/create-batcher.ts'
export type { AddOptions, BatcherOptions } from './batcher/options.ts'
export { QueueFullError } from './errors.ts'
export type { RunBatch } from './batcher/run-batch.ts'
export type { BatcherStats } from './batcher/batcher.ts'
export type { BulkContext } from './bulk/attempt.ts'
export type { BulkOptions } from './bulk/bulk-options.ts'
export { BulkStoppedError } from './bulk/errors.ts'
export type { BulkProgress, BulkResult, BulkRun, BulkSummary } from './bulk/bulk-run.ts'
export type { CallReport } from './bulk/call-report.ts'
export { DuplicateIdError } from './bulk/errors.ts'
export type { RunItem } from './bulk/item-call.ts'
export { runBulk } from './bulk/run-bulk.ts'
export type { BulkSource } from './bulk/source-reader.ts'
export type { Clock } from './clock.ts'
export { FingerprintMismatchError } from './journal/errors.ts'
export { assertJson } from './journal/encode-record.ts'
export type { Journal, JournalRecord } from './journal/journal.ts'
export { JournalLockedError } from './journal/errors.ts'
export { openJournal, type JournalOptions } from './journal/open-journal.ts'
export { readJournal } from './journal/read-journal.ts'
export { UnusableJournalError } from './journal/errors.ts'
export { UnwritableValueError } from './journal/errors.ts'
export { BadLineError } from './jsonl/errors.ts'
export { readJsonl, type BadLine, type ReadJsonlOptions } from './jsonl/read-jsonl.ts'
export { UnreadableFileError } from './jsonl/errors.ts'
export type {
  AcquireOptions,
  ConcurrencyLease,
  ConcurrencyLimit,
  ConcurrencyLimitStats,
  Cost,
  Lease,
  LimitKind,
  LimitStats,
  Outcome,
  RateLimiter,
  RateLimiterStats,
} from './limits/contracts.ts'
export { createConcurrencyLimit, type ConcurrencyLimitOptions } from './limits/create-concurrency-limit.ts'
export { createRateLimiter } from './limits/create-rate-limiter.ts'
export type { HeadersLike } from './limits/headers/read-headers.ts'
export {
  parseRateLimitHeaders,
  type ObservedLimit,
  type ObservedLimits,
} from './limits/headers/rate-limit-headers.ts'
export { RateLimitWaitError } from './limits/errors.ts'
export type { RateLimits } from './limits/rate-limits.ts'
export { RequestTooLargeError } from './errors.ts'
