/**
 * A store for a far tier (L2). It holds bytes that outlive the process, or that several processes share. Harbor's own stores are in
 * `@harbor/cache/sqlite` and `@harbor/cache/keyv`. To write another, test it with the suite in `@harbor/cache/store-contract`.
 *
 * A store may be slow, fail, lose entries and return any bytes, since the cache sets a deadline for each operation and verifies the bytes.
 * But it must never return the value of another key, or a value whose deletion has already resolved.
 */
export interface CacheStore {
  /**
   * Returns the bytes that were last set for this key, or undefined if there are none.
   *
   * @param signal aborts when the cache stops waiting
   */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /**
   * Stores the bytes, for `options.ttlMs` if the store supports expiry. The caller does not change the bytes afterwards. Must reject if it did not
   * store them.
   */
  set(key: string, value: Uint8Array, options: StoreSetOptions): Promise<void>
  /** Deletes the key and its value. Resolves even if the key did not exist. */
  delete(key: string): Promise<void>
  /** Deletes every key that begins with the prefix. Without this method, `clear()` of the cache rejects. */
  clear?(prefix: string): Promise<void>
  /** Releases the store, such as its file or connection. Called once, by `close()` of the cache. Optional. */
  close?(): Promise<void>
}

/** For how long a store is to hold an entry, and the tags of the entry. */
export interface StoreSetOptions {
  /** The time for which the cache may serve the entry, in milliseconds. The store may delete the entry after this time. */
  ttlMs: number
  /** The tags of the entry. The cache handles tags itself; a store may ignore them. */
  tags: readonly string[]
}
