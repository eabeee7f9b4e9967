export type { AutoscaleOptions } from './autoscale.ts'
export { createPool, type Pool } from './create-pool.ts'
export {
  PoolClosedError,
  PoolQueueFullError,
  PoolQueueTimeoutError,
  UndiciUnavailableError,
} from './errors.ts'
export type { LeanFetch } from './lean-fetch.ts'
export type { BodyChunks } from './lazy-body.ts'
export { LeanHeaders, type RawHeaders } from './lean-headers.ts'
export { LeanResponse, type LeanResponseInit } from './lean-response.ts'
export type { OriginOptions, PoolOptions } from './options.ts'
export type { OriginStats } from './origin-ledger.ts'
export type { PoolRequestInit } from './outgoing-request.ts'
export type { Percentiles } from './recent-histogram.ts'
export type { WarmOptions } from './warm.ts'
