/**
 * A place to keep bytes that outlives the process or is shared by several: a far tier. `@harbor/cache/sqlite` and
 * `@harbor/cache/keyv` are two; write your own, and try it with the suite in `@harbor/cache/store-contract`.
 *
 * A store may be slow, fail, lose what it was given, and return anything: the cache has deadlines for it and proves what it
 * returns. It must not mix up keys, nor bring back what was deleted after that has resolved.
 */
export interface CacheStore {
  /** What was last set under this key, or undefined. @param signal aborts when the cache waits no longer */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>
  /** Keeps the bytes, no longer than `ttlMs` if the store can forget. The bytes do not change afterwards. */
  set(key: string, value: Uint8Array, options: StoreSetOptions): Promise<void>
  /** Resolves when the key is gone, also if it was not there. */
  delete(key: string): Promise<void>
  /** Deletes every key that begins with the prefix. Without it, `clear()` of a cache rejects. */
  clear?(prefix: string): Promise<void>
  close?(): Promise<void>
}

export interface StoreSetOptions {
  /** How long anybody will have a use for it, in milliseconds. */
  ttlMs: number
  /** What it was tagged with. The cache keeps account of tags itself; a store may ignore them. */
  tags: readonly string[]
}
