export type { CallOptions, ProviderBatchClient } from './anthropic/client.ts'
export type { MessageBatchLine, MessageBatchRequest, RemoteMessageBatch } from './anthropic/client.ts'
export { createProviderBatch, type ProviderBatch } from './anthropic/create-provider-batch.ts'
export { BatchGoneError, UnconfirmedBatchError, type UnconfirmedBatchReason } from './anthropic/errors.ts'
export type { ProviderBatchOptions } from './anthropic/options.ts'
export { BatchItemError, type BatchItemFacts, type BatchItemReason } from './errors.ts'
export { BatchStateError, BatchStateLockedError } from './errors.ts'
export type {
  ProviderBatchProgress,
  ProviderBatchRequest,
  ProviderBatchResult,
  ProviderBatchRun,
} from './contracts.ts'
export type { RunOptions } from './run-settings.ts'
export type { RequestSource } from './shard-source.ts'
export type { BatchStateStore, StateRecord } from './state/state-store.ts'
export { DuplicateIdError } from '../bulk/errors.ts'
export { RequestTooLargeError } from '../errors.ts'
export type { Clock } from '../clock.ts'
