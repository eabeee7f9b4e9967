import { createCache, type Cache, type CacheStats } from '@harbor/cache'
import { systemClock } from '../base/clock.ts'
import type { CacheStoreOptions } from '../options/cache-options.ts'

/** The cache of a client and its copies, created when one of them first uses it. */
export class AnswerStore {
  readonly #options: CacheStoreOptions
  #cache: Cache<never> | undefined

  constructor(options: CacheStoreOptions) {
    this.#options = options
  }

  open(): Cache<never> {
    return (this.#cache ??= createCache<never>({ ...this.#options, clock: systemClock }))
  }

  stats(): CacheStats {
    return this.open().stats()
  }

  async close(): Promise<void> {
    await this.#cache?.close()
  }
}
