import type { RateLimiter, RateLimits } from '@harbor/batch'
import { createSharedRateLimiter } from '@harbor/batch/shared-limits'
import { anObject, checkOptions, checksOf, expectValue } from '@harbor/parts'
import { aBudget, aTagPrefix, DEFAULT_BUDGET_MS } from '../client/checks.ts'
import { RedisConnection } from '../client/connection.ts'
import { linkTo, type RedisClient } from '../client/redis-client.ts'
import { scriptOf, TimedScript } from '../client/timed-script.ts'
import { REFILL_SCRIPT } from './refill-script.ts'
import { SharedLimits } from './shared-limits.ts'

/** The version of the state. Another version has other keys, so that two versions of this package do not read each other's state. */
const VERSION = 1

/** Options of `createRedisRateLimiter`: the client, the prefix of its keys, and the options of `createRateLimiter`. */
export interface RedisRateLimiterOptions extends RateLimits {
  /**
   * A client of `ioredis` or `redis`, version 5 or newer, for one server: a cluster is refused. The limiter does not close it. Use a server
   * that does not evict keys (`maxmemory-policy noeviction`).
   */
  readonly client: RedisClient
  /**
   * The beginning of all keys, without `:`, `{` and `}`. All limiters with the same prefix share their limits, so use one prefix for each account and
   * model, and configure the same limits in all processes.
   */
  readonly prefix: string
  /**
   * The maximum time that a call waits for Redis, in milliseconds, above 0, at most 1,000. If Redis does not answer in this time, the process
   * continues without Redis until Redis answers again. It then uses each limit divided by the number of processes. @default 50
   */
  readonly budgetMs?: number | undefined
  /**
   * The source of time. It must run at real speed, since leases expire by the time of the Redis server: a clock that a test advances by hand does not
   * work. @default a monotonic clock and `setTimeout`
   */
  readonly clock?: RateLimits['clock']
}

/**
 * Creates a rate limiter whose limits are shared by all processes with the same `prefix`. It has the interface of `createRateLimiter` of
 * `@harbor/batch`.
 *
 * ```ts
 * const limiter = createRedisRateLimiter({ client, prefix: 'gpt-5', requestsPerMinute: 12_000, tokensPerMinute: 1_800_000 })
 * const lease = await limiter.acquire({ input: 1_200, output: 300 })
 * ```
 *
 * A busy process reserves the requests and tokens of about the next 400 ms in advance, so most calls need no round trip. What it does not use returns
 * to the other processes within half a second; what a killed process has reserved, after 1.5 s. Limits that the provider reports in headers are
 * shared. A limit that is estimated from 429s applies to one process only. After a 429, all processes pause.
 *
 * Without Redis, no call fails: each process then uses the limit divided by the number of processes that it last knew.
 *
 * `tryAcquire` and `waitMs` do not wait for Redis: they use what this process has reserved. So the first `tryAcquire` after an idle time returns
 * undefined, and reserves the missing amount for a later call. `waitMs` assumes that the other processes use nothing.
 *
 * @throws TypeError for an option that does not exist or makes no sense, and for a client of a cluster
 */
export function createRedisRateLimiter(options: RedisRateLimiterOptions): RateLimiter {
  const { client, prefix, budgetMs, ...limits } = options
  checkOptions({ client, prefix, budgetMs }, CHECKS, {})
  expectValue('client', client, anObject)
  expectValue('prefix', prefix, aTagPrefix)
  const connection = new RedisConnection(linkTo(client), {
    budgetMs: budgetMs ?? DEFAULT_BUDGET_MS,
    probeKey: `{${prefix}:limits${VERSION}}:probe`,
  })
  return createSharedRateLimiter(limits, sharedLimits(connection, prefix))
}

/** Returns the source of the shared limits whose keys begin with a prefix. */
export function sharedLimits(connection: RedisConnection, prefix: string): SharedLimits {
  const key = `{${prefix}:limits${VERSION}}`
  const keys = ['state', 'members', 'expiry', 'seen'].map((name) => `${key}:${name}`)
  return new SharedLimits(new TimedScript(connection, REFILL), keys)
}

const REFILL = /* @__PURE__ */ scriptOf(REFILL_SCRIPT)

const CHECKS = /* @__PURE__ */ checksOf({ client: anObject, prefix: aTagPrefix, budgetMs: aBudget })
