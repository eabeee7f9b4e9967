export { BatchItemError, type BatchItemFacts, type BatchItemReason } from './errors.ts'
export { BatchStateLockedError } from './errors.ts'
export { BatchStateError } from './errors.ts'
export type { CallOptions, ProviderBatchClient, ProviderBatchEndpoint, RemoteBatch } from './openai/client.ts'
export type {
  ProviderBatchProgress,
  ProviderBatchRequest,
  ProviderBatchResult,
  ProviderBatchRun,
} from './contracts.ts'
export { createProviderBatch, type ProviderBatch } from './openai/create-provider-batch.ts'
export type { ProviderBatchOptions } from './openai/options.ts'
export type { RunOptions } from './run-settings.ts'
export type { RequestSource } from './shard-source.ts'
export { IncompleteInputError } from './errors.ts'
export type { BatchStateStore, StateRecord } from './state/state-store.ts'
export { DuplicateIdError } from '../bulk/errors.ts'
export { RequestTooLargeError } from '../errors.ts'
export type { Clock } from '../clock.ts'
