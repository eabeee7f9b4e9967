import { RedisUnavailableError } from '../client/errors.ts'
import type { RedisConnection } from '../client/connection.ts'
import type { FleetCacheStore } from './contracts.ts'

/** A store on the server of a fleet. While the server is down, it rejects at once, so that a call does not wait for it a second time. */
export class FleetStore implements FleetCacheStore {
  readonly #store: FleetCacheStore
  readonly #connection: RedisConnection

  constructor(store: FleetCacheStore, connection: RedisConnection) {
    this.#store = store
    this.#connection = connection
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#send((store) => store.get(key))
  }

  set(key: string, value: Uint8Array, options: { readonly ttlMs: number }): Promise<void> {
    return this.#send((store) => store.set(key, value, options))
  }

  delete(key: string): Promise<void> {
    return this.#send((store) => store.delete(key))
  }

  clear(prefix: string): Promise<void> {
    return this.#send((store) => store.clear(prefix))
  }

  async #send<T>(operation: (store: FleetCacheStore) => Promise<T>): Promise<T> {
    if (this.#connection.isDown) throw new RedisUnavailableError()
    this.#connection.count()
    try {
      return await operation(this.#store)
    } catch (error) {
      // It was not sent.
      if (RedisUnavailableError.is(error)) this.#connection.count(-1)
      throw error
    }
  }
}
