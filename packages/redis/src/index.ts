export { redisFleet, type RedisFleetOptions } from './fleet/redis-fleet.ts'
export type {
  FleetCacheStore,
  FleetHost,
  FleetMember,
  FleetMoney,
  FleetOutcome,
  FleetPot,
  FleetPotState,
  FleetRefusal,
  FleetReservation,
  FleetStats,
  RedisFleet,
  SharedPart,
} from './fleet/contracts.ts'
export type { FleetCircuits, FleetCooldowns } from './fleet/circuit-contracts.ts'
export type {
  FleetFlights,
  FlightCall,
  FlightEvent,
  FlightFollow,
  FlightLead,
} from './fleet/flight-contracts.ts'
export { RedisStore, type RedisStoreOptions } from './store/redis-store.ts'
export {
  redisBreakerStore,
  type RedisBreakerStore,
  type RedisBreakerStoreOptions,
} from './breakers/redis-breaker-store.ts'
export { createRedisRateLimiter, type RedisRateLimiterOptions } from './limits/create-redis-rate-limiter.ts'
export { RedisUnavailableError } from './client/errors.ts'
export type { IoredisClient, NodeRedisClient, RedisClient } from './client/redis-client.ts'
