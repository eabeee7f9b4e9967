import { LRUCache } from 'lru-cache'
import type { CacheStore, StoreSetOptions } from './store.ts'
import { count, validate } from '../base/validate.ts'

/** Options of a MemoryStore: how much memory it may use. All are optional. */
export interface MemoryStoreOptions {
  /** The maximum size of all keys and values, in bytes, at least 1; the least recently used entry is evicted first. @default 67_108_864 (64 MiB) */
  maxBytes?: number | undefined
}

/** A store in memory. It is meant for tests, and for several caches in one process that share a far tier. */
export class MemoryStore implements CacheStore {
  readonly #values: LRUCache<string, Uint8Array>

  /**
   * @param options the maximum size; see `MemoryStoreOptions`
   * @throws TypeError for an unknown or invalid option
   */
  constructor(options: MemoryStoreOptions = {}) {
    validate(options, { maxBytes: count })
    this.#values = new LRUCache({
      maxSize: options.maxBytes ?? 64 * 2 ** 20,
      sizeCalculation: (value, key) => value.byteLength + 2 * key.length + 1,
    })
  }

  /** Returns the bytes of this key; undefined if there are none, or if they have expired. */
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#values.get(key)
  }

  /** Stores the bytes for `ttlMs` milliseconds. If there is no room, the least recently used entries are evicted. */
  async set(key: string, value: Uint8Array, { ttlMs }: StoreSetOptions): Promise<void> {
    this.#values.set(key, value, { ttl: Math.max(1, Math.ceil(ttlMs)) })
  }

  /** Deletes the key; does nothing if it does not exist. */
  async delete(key: string): Promise<void> {
    this.#values.delete(key)
  }

  /** Deletes every key that begins with `prefix`. An empty prefix deletes all keys. */
  async clear(prefix: string): Promise<void> {
    for (const key of [...this.#values.keys()]) if (key.startsWith(prefix)) this.#values.delete(key)
  }
}
