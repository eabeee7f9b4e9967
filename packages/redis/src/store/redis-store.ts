import { setTimeout as delay } from 'node:timers/promises'
import { anObject, checkOptions, checksOf } from '@harbor/parts'
import { aPrefix } from '../client/checks.ts'
import { RedisUnavailableError } from '../client/errors.ts'
import { linkTo, type RedisClient, type RedisLink } from '../client/redis-client.ts'
import { MemoryPolicyCheck } from '../client/memory-policy-check.ts'

/** The maximum time to live of an entry, in milliseconds: a year. An entry without one would stay in Redis for ever. */
const MAX_TTL_MS = 31_536_000_000
/** The number of keys that one step of `clear()` looks at. */
const SCAN_COUNT = 1_000
/** How long an operation waits for the first connection of the client, in milliseconds. A cache that reads gives up earlier. */
const FIRST_CONNECTION_MS = 1_000
/** The version of the entries. Another version has other keys, so that two versions of this package do not read each other's entries. */
const VERSION = 1

/** Options of `RedisStore`: the client, and the prefix of its keys. */
export interface RedisStoreOptions {
  /**
   * A client of `ioredis` or `redis`, version 5 or newer, for one server: a cluster is refused. The store does not close it. Use a server
   * that may evict keys (`maxmemory-policy allkeys-lru`), not the server of a job queue, whose keys must not be evicted.
   */
  readonly client: RedisClient
  /** The beginning of all keys of this store, without `:`. Stores with different prefixes share nothing. @default 'harbor' */
  readonly prefix?: string | undefined
}

/**
 * A store for the far tier of the cache in Redis or Valkey, which several processes share.
 *
 * ```ts
 * const cache = createCache({ farTier: new RedisStore({ client }) })
 * ```
 *
 * While the client has lost its connection, operations reject at once with a RedisUnavailableError instead of waiting in the queue of the client; the
 * cache then answers without the store. For its first connection, they wait up to a second.
 */
export class RedisStore {
  readonly #link: RedisLink
  readonly #prefix: string
  readonly #policy: MemoryPolicyCheck
  /** Resolves when the client has connected for the first time, or that has taken too long. */
  #connecting: Promise<unknown> | undefined

  /** @throws TypeError for an option that does not exist or has a wrong value, and for a client of a cluster */
  constructor(options: RedisStoreOptions) {
    checkOptions(options, CHECKS, NAMES_ELSEWHERE)
    const { client, prefix = 'harbor' } = options
    this.#link = linkTo(client)
    this.#prefix = `${prefix}:cache${VERSION}:`
    this.#policy = new MemoryPolicyCheck(this.#link, 'cache')
  }

  /** Returns the bytes that were last set for a key; undefined if there are none, or they have expired. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const reply = await this.#send('GET', this.#prefix + keyText(key))
    return reply instanceof Uint8Array ? reply : undefined
  }

  /**
   * Stores bytes for `ttlMs` milliseconds, and for at most a year.
   * @throws an error of Redis if they were not stored, such as OOM when its memory is full
   */
  async set(key: string, value: Uint8Array, { ttlMs }: { readonly ttlMs: number }): Promise<void> {
    const { buffer, byteOffset, byteLength } = value
    const bytes = Buffer.from(buffer, byteOffset, byteLength)
    const ttl = Math.max(1, Math.ceil(Math.min(ttlMs, MAX_TTL_MS)))
    await this.#send('SET', this.#prefix + keyText(key), bytes, 'PX', String(ttl))
    this.#policy.once()
  }

  /** Deletes a key. Resolves also if it does not exist. */
  async delete(key: string): Promise<void> {
    await this.#send('UNLINK', this.#prefix + keyText(key))
  }

  /** Deletes all keys of this store that begin with a prefix, in steps, so that Redis can serve other clients meanwhile. */
  async clear(prefix: string): Promise<void> {
    const pattern = `${globText(this.#prefix + keyText(prefix))}*`
    let cursor = '0'
    do {
      const reply = await this.#send('SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCAN_COUNT))
      const [next, keys] = scanned(reply)
      if (keys.length > 0) await this.#send('UNLINK', ...keys)
      cursor = next
    } while (cursor !== '0')
  }

  async #send(command: string, ...args: (string | Buffer)[]): Promise<unknown> {
    const first = this.#link.firstConnection()
    if (first)
      await (this.#connecting ??= Promise.race([first, delay(FIRST_CONNECTION_MS, null, { ref: false })]))
    if (!this.#link.isReady()) throw new RedisUnavailableError()
    return this.#link.send(command, ...args)
  }
}

/** A part of a character alone, which UTF-8 cannot express: all of them would become the same character. */
const LONE_OR_ESCAPE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\\/g

/** Returns a key as a text that UTF-8 can express. Different keys have different texts. */
export function keyText(key: string): string {
  if (key.isWellFormed() && !key.includes('\\')) return key
  return key.replace(LONE_OR_ESCAPE, (part) =>
    part === '\\' ? String.raw`\\` : String.raw`\u${part.charCodeAt(0).toString(16)}`,
  )
}

/** Returns a text as a pattern of Redis that matches this text only. */
export function globText(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, String.raw`\$&`)
}

/** Reads the reply of SCAN: the next cursor, and the keys of this step. */
function scanned(reply: unknown): readonly [cursor: string, keys: readonly Buffer[]] {
  const [cursor, keys] = Array.isArray(reply) ? (reply as unknown[]) : []
  if (!Array.isArray(keys)) throw new Error('Redis answered SCAN with something else than a cursor and keys.')
  return [String(cursor), keys.filter((key) => Buffer.isBuffer(key))]
}

const CHECKS = /* @__PURE__ */ checksOf({ client: anObject, prefix: aPrefix })
const NAMES_ELSEWHERE = { client: 'redis, connection', prefix: 'keyPrefix, namespace' }
