import { anObject, checkOptions, checksOf, expectValue, type Check } from '@harbor/parts'
import { aBudget, aTagPrefix, DEFAULT_BUDGET_MS } from '../client/checks.ts'
import { linkTo, type RedisClient } from '../client/redis-client.ts'
import type { RedisFleet, SharedPart } from './contracts.ts'
import { RedisMember } from './redis-member.ts'

/** Options of `redisFleet`: the clients of Redis, the prefix of the keys, and what is shared. */
export interface RedisFleetOptions {
  /**
   * A client of `ioredis` or `redis`, version 5 or newer, for one server: a cluster is refused. The fleet does not close it. Use a server
   * that does not evict keys (`maxmemory-policy noeviction`).
   */
  readonly client: RedisClient
  /**
   * A client for cached answers, on a server that may evict keys (`maxmemory-policy allkeys-lru`). @default `client`
   */
  readonly cacheClient?: RedisClient | undefined
  /**
   * The beginning of all keys, without `:`, `{` and `}`. Fleets with different prefixes share nothing. @default 'harbor'
   */
  readonly prefix?: string | undefined
  /**
   * The maximum time that a command to Redis may take, in milliseconds, above 0, at most 1,000. After the first command without an answer in this
   * time, calls go on without Redis, and do not wait for it again before it answers. @default 50
   */
  readonly budgetMs?: number | undefined
  /**
   * What the clients share. `flights`: of equal calls at the same time, one process sends one, and the others get its answer, streams as they arrive.
   * It needs the option `cache` of the client, and a second connection, which the fleet opens and closes itself. @default all but `flights`
   */
  readonly share?: readonly SharedPart[] | undefined
}

/**
 * Makes several processes one fleet: clients of `@harbor/core` with the same Redis server and `prefix` share their limits, their circuits, the money
 * of their spend limits, and cached answers.
 *
 * ```ts
 * const harbor = new Harbor({ fleet: redisFleet({ client }), limits: { requestsPerMinute: 12_000 }, cache: true })
 * ```
 *
 * No call fails because of Redis. Without it, each client uses its part of the limits, which is the limit divided by the number of members that it
 * last knew, and its part of the money that was left.
 *
 * @throws TypeError for an option that does not exist or has a wrong value, and for a client of a cluster
 */
export function redisFleet(options: RedisFleetOptions): RedisFleet {
  checkOptions(options, CHECKS, {})
  expectValue('client', options.client, anObject)
  const {
    client,
    cacheClient = client,
    prefix = 'harbor',
    budgetMs = DEFAULT_BUDGET_MS,
    share = DEFAULT_PARTS,
  } = options
  const settings = {
    client,
    link: linkTo(client),
    cacheClient,
    isOneServer: cacheClient === client,
    prefix,
    budgetMs,
    share: PARTS.filter((part) => share.includes(part)),
  }
  linkTo(cacheClient)
  return { join: (host) => new RedisMember(settings, host) }
}

/** Everything that can be shared. */
const PARTS: readonly SharedPart[] = ['limits', 'breakers', 'spend', 'cache', 'flights']
const DEFAULT_PARTS: readonly SharedPart[] = /* @__PURE__ */ PARTS.filter((part) => part !== 'flights')

const someParts: Check = (value) =>
  (Array.isArray(value) && value.every((part) => (PARTS as readonly unknown[]).includes(part))) ||
  `a list of ${PARTS.map((part) => `'${part}'`).join(', ')}`

const CHECKS = /* @__PURE__ */ checksOf({
  client: anObject,
  cacheClient: anObject,
  prefix: aTagPrefix,
  budgetMs: aBudget,
  share: someParts,
})
