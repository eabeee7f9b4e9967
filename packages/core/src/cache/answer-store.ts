import { createCache, type Cache, type CacheStats } from '@harbor/cache'
import { systemClock } from '../base/clock.ts'
import type { CacheStoreOptions } from '../options/cache-options.ts'

/** The cache that a client and its copies share. It is created when one of them first uses it. */
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

/** The cached answers of a client and its copies. */
export interface CachedAnswers {
  /**
   * Removes all answers with this tag. Answers to requests in flight are not cached when they arrive.
   * @param options.scope the scope of the answers; by default that of the client: its `cache.scope`, or the scope of its credential
   * @returns the number of removed answers that were in memory
   */
  invalidateTag(tag: string, options?: { readonly scope?: string | undefined }): Promise<number>
  /**
   * Removes all answers, or all answers of one scope.
   * @throws any error of the far tier; the answers in memory are removed in this case, too
   */
  clear(options?: { readonly scope?: string | undefined }): Promise<void>
}

/**
 * Returns the methods with which users remove cached answers.
 * @param ownScope returns the scope of the client, for calls of `invalidateTag` without a scope
 */
export function cachedAnswers(
  store: () => Cache<never>,
  ownScope: () => string | Promise<string>,
): CachedAnswers {
  return {
    async invalidateTag(tag, { scope } = {}) {
      return store().invalidateTag(tag, { scope: scope ?? (await ownScope()) })
    },
    async clear(options) {
      await store().clear(options)
    },
  }
}
