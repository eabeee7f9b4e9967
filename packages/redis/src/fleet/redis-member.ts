import type { RateLimiter, RateLimits } from '@harbor/batch'
import { createSharedRateLimiter } from '@harbor/batch/shared-limits'
import { Board } from '../breakers/board.ts'
import { RedisConnection } from '../client/connection.ts'
import { digestOf } from '../client/digest.ts'
import { MemoryPolicyCheck } from '../client/memory-policy-check.ts'
import type { RedisClient, RedisLink } from '../client/redis-client.ts'
import { scriptOf, TimedScript } from '../client/timed-script.ts'
import { sharedLimits } from '../limits/create-redis-rate-limiter.ts'
import type { SharedLimits } from '../limits/shared-limits.ts'
import { GRANT_SCRIPT } from '../spend/grant-script.ts'
import { SharedMoney } from '../spend/shared-money.ts'
import { RedisStore } from '../store/redis-store.ts'
import { RedisFlights } from '../flights/redis-flights.ts'
import type { FleetCircuits } from './circuit-contracts.ts'
import type { FleetCacheStore, FleetHost, FleetMember, FleetStats, SharedPart } from './contracts.ts'
import type { FleetFlights } from './flight-contracts.ts'
import { FleetStore } from './fleet-store.ts'

/** The version of the shared money. Another version has other keys, so that two versions of this package do not read each other's money. */
const SPEND_VERSION = 1

const GRANT = /* @__PURE__ */ scriptOf(GRANT_SCRIPT)

/** The checked options of a fleet. */
export interface FleetSettings {
  readonly client: RedisClient
  readonly link: RedisLink
  readonly cacheClient: RedisClient
  /** Whether cached answers are on the server of the other state. */
  readonly isOneServer: boolean
  readonly prefix: string
  readonly budgetMs: number
  readonly share: readonly SharedPart[]
}

/** One client of `@harbor/core` in a fleet. */
export class RedisMember implements FleetMember {
  readonly share: readonly SharedPart[]
  readonly limiterFor?: (group: string, limits: RateLimits) => RateLimiter
  readonly cacheStore?: FleetCacheStore
  readonly money?: SharedMoney
  readonly flights?: FleetFlights
  readonly circuits?: FleetCircuits
  readonly #connection: RedisConnection
  readonly #flights: RedisFlights | undefined
  readonly #board: Board | undefined
  /** The sources of the shared limits, by the name of their keys. A client has one for each quota group that it uses. */
  readonly #limits = new Map<string, SharedLimits>()

  constructor(settings: FleetSettings, host: FleetHost) {
    const { client, link, cacheClient, isOneServer, prefix, budgetMs, share } = settings
    this.share = share
    const connection: RedisConnection = new RedisConnection(link, {
      budgetMs,
      probeKey: `{${prefix}:fleet1}:probe`,
      onChange: (isDown) => {
        if (!isDown) this.money?.recovered()
        if (isDown) this.#flights?.drop()
        else this.#board?.touch()
      },
      onDegraded: (degraded) => host.onChange({ degraded }),
    })
    this.#connection = connection
    // With one server for both, it is better that it evicts answers than that it refuses to count.
    if (!isOneServer || !share.includes('cache')) new MemoryPolicyCheck(link, 'state').once()
    if (share.includes('limits')) this.limiterFor = (group, limits) => this.#limiter(prefix, group, limits)
    if (share.includes('breakers')) {
      const board = new Board(connection, prefix)
      this.#board = board
      this.circuits = { store: board, cooldowns: board.cooldowns, refresh: () => board.refresh() }
    }
    if (share.includes('spend'))
      this.money = new SharedMoney(new TimedScript(connection, GRANT), `{${prefix}:spend${SPEND_VERSION}}`)
    if (share.includes('flights')) {
      this.#flights = new RedisFlights(client, connection, prefix)
      this.flights = this.#flights
    }
    if (share.includes('cache')) {
      const store = new RedisStore({ client: cacheClient, prefix })
      this.cacheStore = isOneServer ? new FleetStore(store, connection) : store
    }
  }

  stats(): FleetStats {
    const { isDegraded, roundTrips, lastError } = this.#connection
    let members = Math.max(this.money?.members ?? 1, this.#board?.members ?? 1)
    for (const limits of this.#limits.values()) members = Math.max(members, limits.members)
    return { members, degraded: isDegraded, roundTrips, lastError }
  }

  async close(): Promise<void> {
    this.#flights?.close()
    await Promise.all([this.#board?.close(), this.money?.close()])
    this.#connection.close()
  }

  #limiter(prefix: string, group: string, limits: RateLimits): RateLimiter {
    const name = `${prefix}:${digestOf(group)}`
    const source = sharedLimits(this.#connection, name)
    // After a change of the options, a quota group gets a new limiter. Core has as many groups at a time as it reports in its statistics.
    this.#limits.set(name, source)
    return createSharedRateLimiter(limits, source)
  }
}
