export { createCache } from './create-cache.ts'
export { MemoryStore, type MemoryStoreOptions } from './stores/memory.ts'
export { MarkovPredictor, type MarkovPredictorOptions } from './prefetch/markov-predictor.ts'
export { NotCachedError } from './flight/not-cached-error.ts'
export { RecordingLagError } from './stream/recording.ts'
export { createPrefetcher } from './prefetch/prefetcher.ts'
export { requestKey, type RequestKeyContext } from './keys/request-key.ts'
export { UnkeyableRequestError } from './keys/unkeyable-request-error.ts'
export type { Cache, Lookup } from './cache.ts'
export type { CacheOptions } from './options.ts'
export type { CacheStats } from './cache-stats.ts'
export type { CacheStore, StoreSetOptions } from './stores/store.ts'
export type { Clock } from './base/clock.ts'
export type { Codec } from './tiers/codec.ts'
export type {
  EntryOptions,
  Key,
  LoadOptions,
  LookupOptions,
  ScopeOptions,
  StreamOptions,
} from './call-options.ts'
export type { Absence, Stored, Outcome, Reason, Refusal, Status } from './outcome.ts'
export type { Body } from './stream/reader.ts'
export type { FarCounters } from './cache-stats.ts'
export type { Load, LoadContext, Loaded } from './loads/values.ts'
export type { Open, Recorded, Source } from './stream/streams.ts'
export {
  prefetchList,
  type PrefetchJob,
  type PrefetchListOptions,
  type PrefetchReport,
  type PrefetchTarget,
} from './prefetch/prefetch-list.ts'
export type { Prediction, Predictor } from './prefetch/predictor.ts'
export type { Observation, Prefetcher } from './prefetch/prefetcher.ts'
export type { PrefetcherOptions, PrefetcherStats } from './prefetch/prefetcher-options.ts'
export type { WorkContext } from './loads/keep-decision.ts'
