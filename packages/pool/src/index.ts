export type { AutoscaleOptions } from './connections/autoscale.ts'
export { createPool, type Pool } from './create-pool.ts'
export {
  PoolClosedError,
  PoolQueueFullError,
  PoolQueueTimeoutError,
  UndiciUnavailableError,
} from './errors.ts'
export type { LeanFetch } from './fetch/lean-fetch.ts'
export type { BodyChunks } from './fetch/lazy-body.ts'
export { LeanHeaders, type RawHeaders } from './fetch/lean-headers.ts'
export { LeanResponse, type LeanResponseInit } from './fetch/lean-response.ts'
export type { OriginOptions, PoolOptions } from './options.ts'
export type { OriginStats } from './connections/origin-ledger.ts'
export type { PoolRequestInit } from './fetch/outgoing-request.ts'
export type { Percentiles } from './connections/recent-histogram.ts'
export type { WarmOptions } from './warm.ts'
