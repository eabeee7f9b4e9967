import type { BreakerStore } from '@harbor/breaker'
import { anObject, checkOptions, checksOf, expectValue } from '@harbor/parts'
import { aBudget, aTagPrefix, DEFAULT_BUDGET_MS } from '../client/checks.ts'
import { RedisConnection } from '../client/connection.ts'
import { linkTo, type RedisClient } from '../client/redis-client.ts'
import { Board } from './board.ts'

/** Options of `redisBreakerStore`: the client, and the prefix of its keys. */
export interface RedisBreakerStoreOptions {
  /**
   * A client of `ioredis` or `redis`, version 5 or newer, for one server: a cluster is refused. It stays yours: the store does not close it.
   * Use a server that does not evict keys (`maxmemory-policy noeviction`).
   */
  readonly client: RedisClient
  /** The beginning of all keys, without `:`, `{` and `}`. Stores with different prefixes share nothing. @default 'harbor' */
  readonly prefix?: string | undefined
  /**
   * The maximum time that a command to Redis may take, in milliseconds, above 0, at most 1,000. No call waits for it: without an answer in this time,
   * circuits go on by themselves until Redis answers again. @default 50
   */
  readonly budgetMs?: number | undefined
}

/** A store of circuits in Redis: the value of the option `store` of the breakers of one process. */
export interface RedisBreakerStore extends BreakerStore {
  /** Withdraws what this process has reported, and stops sharing: its circuits go on by themselves. Never rejects. */
  close(): Promise<void>
}

/**
 * Shares the openings of circuits between all processes with the same server and `prefix`. Create one store in each process, for all of its breakers.
 *
 * ```ts
 * const store = redisBreakerStore({ client })
 * const breakers = createBreakerRegistry({ store })
 * ```
 *
 * An opening holds at once for its own process, and is a vote for the others: the circuit opens for all when at least two processes, and 30 % of those
 * that called the target in the last 10 s, have voted; and at once if the failure is about the account (401, 402, 429). After the open time, one
 * process probes for all. Breakers read what is known in memory, and never wait for Redis. Without Redis, each process decides by itself.
 *
 * While calls are made, a process sends one command every half second, and one more for each transition; an idle process sends none.
 *
 * @throws TypeError for an option that does not exist or has a wrong value, and for a client of a cluster
 */
export function redisBreakerStore(options: RedisBreakerStoreOptions): RedisBreakerStore {
  checkOptions(options, CHECKS, {})
  expectValue('client', options.client, anObject)
  const { client, prefix = 'harbor', budgetMs = DEFAULT_BUDGET_MS } = options
  const connection: RedisConnection = new RedisConnection(linkTo(client), {
    budgetMs,
    probeKey: `{${prefix}:circuits1}:probe`,
    onChange: () => board.touch(),
  })
  const board = new Board(connection, prefix)
  return {
    attach: (name, circuit) => board.attach(name, circuit),
    close: async () => {
      await board.close()
      connection.close()
    },
  }
}

const CHECKS = /* @__PURE__ */ checksOf({ client: anObject, prefix: aTagPrefix, budgetMs: aBudget })
