export { RedisStore, type RedisStoreOptions } from './store/redis-store.ts'
export { createRedisRateLimiter, type RedisRateLimiterOptions } from './limits/create-redis-rate-limiter.ts'
export { RedisUnavailableError } from './client/errors.ts'
export type { IoredisClient, NodeRedisClient, RedisClient } from './client/redis-client.ts'
