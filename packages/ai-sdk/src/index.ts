export {
  createFallbackEmbeddingModel,
  type FallbackEmbeddingModel,
  type FallbackEmbeddingModelOptions,
} from './embedding-model/create-fallback-embedding-model.ts'
export { createFallbackModel, type FallbackModel } from './fallback-model/create-fallback-model.ts'
export { MalformedAnswerError, ModelClosedError, StreamIncompleteError } from './fallback-model/errors.ts'
export { receiptOf, receiptsOf, type PromisedResult } from './receipts/receipt-of.ts'
export type { AnyLanguageModel } from './as-model-v4.ts'
export type { HarborCallOptions } from './fallback-model/check-options.ts'
export type {
  BreakerChange,
  CommonOptions,
  FallbackEvent,
  FallbackModelOptions,
  Labels,
  ModelListeners,
  ModelTarget,
  ModelTimeouts,
} from './fallback-model/options.ts'
export type { ModelStats, TargetStats } from './fallback-model/stats.ts'
export type {
  CallObservation,
  CallObserver,
  ObservedModel,
  ObservedTarget,
  RequestFacts,
} from './receipts/observer.ts'
export type { ObservedAttempt, ObservedFailure } from './receipts/observed-attempt.ts'
export type {
  ObservedCallFailure,
  ObservedReceipt,
  ObservedUsage,
  ObservedWait,
} from './receipts/observed-receipt.ts'
export type { AttemptFailure, ModelAttempt, ModelReceipt } from './receipts/receipt.ts'
export type { AnyEmbeddingModel } from './embedding-model/as-embedding-model-v4.ts'
export { modelFetch } from './model-fetch/model-fetch.ts'
