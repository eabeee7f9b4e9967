import type { CacheStore, StoreSetOptions } from './store.ts'

/** The part of Keyv, version 5 or newer, that KeyvStore uses. */
export interface KeyvLike {
  /** Returns the text that is stored under the key, or undefined. */
  get(key: string): Promise<unknown>
  /** Stores text for `ttl` milliseconds. Resolves to false if it was not stored. */
  set(key: string, value: string, ttl?: number): Promise<unknown>
  /** Deletes a key; does nothing if it does not exist. */
  delete(key: string): Promise<unknown>
  /** Closes the connection. Called by `close()` of the store, if it exists. */
  disconnect?(): Promise<unknown>
  /** Iterates over all keys and values. Without it, `clear()` rejects. */
  iterator?: unknown
  /**
   * Adds a listener for failed operations. Without `throwOnErrors`, a failed operation of Keyv does not reject: Keyv emits this event, and
   * the operation returns undefined.
   */
  on?(event: 'error', listener: (error: unknown) => void): unknown
  /** Whether failed operations reject. KeyvStore sets it to true; missing means false. */
  throwOnErrors?: boolean
}

/**
 * A store for a far tier (L2) in anything that Keyv supports: Redis, Valkey, Postgres, Memcache and others. Bytes are stored as base64, since Keyv
 * serializes to text.
 */
export class KeyvStore implements CacheStore {
  readonly #keyv: KeyvLike

  /**
   * Sets `throwOnErrors` of the Keyv instance. Without it, failed operations of Keyv would look like missing entries.
   *
   * @param keyv an instance of Keyv
   * @throws TypeError for an object that is not a Keyv
   */
  constructor(keyv: KeyvLike) {
    const given = keyv as Partial<KeyvLike> | undefined
    if (![given?.get, given?.set, given?.delete].every((method) => typeof method === 'function')) {
      throw new TypeError('keyv must be a Keyv with get, set and delete')
    }
    keyv.throwOnErrors = true
    // An error event without a listener would end the process.
    keyv.on?.('error', () => undefined)
    this.#keyv = keyv
  }

  /** Returns the bytes of this key; undefined if Keyv has none. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#keyv.get(key)
    // The cache verifies the bytes, so text that is not base64 is no problem.
    return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined
  }

  /** Stores the bytes for `ttlMs` milliseconds. Rejects if Keyv reports that it did not store them. */
  async set(key: string, value: Uint8Array, { ttlMs }: StoreSetOptions): Promise<void> {
    const { buffer, byteOffset, byteLength } = value
    const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64')
    const done = await this.#keyv.set(key, text, Math.max(1, Math.ceil(ttlMs)))
    if (done === false) throw new Error('the Keyv store did not store the entry')
  }

  /** Deletes the key; does nothing if it does not exist. */
  async delete(key: string): Promise<void> {
    await this.#keyv.delete(key)
  }

  /** Deletes every key that begins with the prefix. @throws TypeError if the Keyv store cannot list its keys */
  async clear(prefix: string): Promise<void> {
    const keys: string[] = []
    for await (const [key] of this.#entries()) if (key.startsWith(prefix)) keys.push(key)
    for (const key of keys) await this.#keyv.delete(key)
  }

  /** Calls `disconnect` of the Keyv instance, if it has one. */
  async close(): Promise<void> {
    await this.#keyv.disconnect?.()
  }

  #entries(): AsyncIterable<[key: string, value: unknown]> {
    const { iterator } = this.#keyv
    if (typeof iterator !== 'function') {
      throw new TypeError('this Keyv store cannot list its keys, so it cannot be cleared by prefix')
    }
    // Keyv 5 takes the namespace as argument, Keyv 6 takes none.
    const entries = (iterator as (namespace?: string) => unknown).call(
      this.#keyv,
      (this.#keyv as { namespace?: string }).namespace,
    )
    return entries as AsyncIterable<[key: string, value: unknown]>
  }
}
