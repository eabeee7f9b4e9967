import type { CacheStore, StoreSetOptions } from './store.ts'

/** What is needed of a Keyv, 5 or newer. */
export interface KeyvLike {
  get(key: string): Promise<unknown>
  set(key: string, value: string, ttl?: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  disconnect?(): Promise<unknown>
  iterator?: unknown
  /** Keyv tells of failures by this event, and answers as if there were nothing, unless told to throw. */
  on?(event: 'error', listener: (error: unknown) => void): unknown
  throwOnErrors?: boolean
}

/**
 * Any Keyv store as a far tier: Redis, Valkey, Postgres, Memcache and others. Bytes travel as base64, since a Keyv serialises to
 * text. Keyv is made to throw its errors, which it would otherwise keep to itself: the cache has to know them.
 *
 * @throws TypeError for what is no Keyv
 */
export class KeyvStore implements CacheStore {
  readonly #keyv: KeyvLike

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

  async get(key: string): Promise<Uint8Array | undefined> {
    const value = await this.#keyv.get(key)
    // What is no base64 is no entry of ours: the cache will find that out.
    return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : undefined
  }

  async set(key: string, value: Uint8Array, { ttlMs }: StoreSetOptions): Promise<void> {
    const { buffer, byteOffset, byteLength } = value
    const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64')
    const done = await this.#keyv.set(key, text, Math.max(1, Math.ceil(ttlMs)))
    if (done === false) throw new Error('the Keyv store did not take the entry')
  }

  async delete(key: string): Promise<void> {
    await this.#keyv.delete(key)
  }

  /** @throws TypeError if the store behind it cannot list its keys */
  async clear(prefix: string): Promise<void> {
    const keys: string[] = []
    for await (const [key] of this.#entries()) if (key.startsWith(prefix)) keys.push(key)
    for (const key of keys) await this.#keyv.delete(key)
  }

  async close(): Promise<void> {
    await this.#keyv.disconnect?.()
  }

  #entries(): AsyncIterable<[key: string, value: unknown]> {
    const { iterator } = this.#keyv
    if (typeof iterator !== 'function') {
      throw new TypeError('this Keyv store cannot list its keys, so it cannot be cleared by prefix')
    }
    // Keyv 5 takes the namespace, Keyv 6 nothing.
    const entries = (iterator as (namespace?: string) => unknown).call(
      this.#keyv,
      (this.#keyv as { namespace?: string }).namespace,
    )
    return entries as AsyncIterable<[key: string, value: unknown]>
  }
}
