import type { Cache } from '@harbor/cache'
import type { Labels } from '../reporting/labels.ts'

/** Selects the cached answers of a group of callers. */
export interface ScopeOfAnswers {
  /** The scope of the answers. @default the scope of the client: its `cache.scope`, or else the one made from its credential */
  readonly scope?: string | undefined
  /** The labels of the answers, in addition to those of the client. Labels that are not in `cache.scopeBy` have no effect. @default none */
  readonly labels?: Labels | undefined
}

/** The cached answers of a client and its copies, as `harbor.cache`: methods to remove some or all of them. */
export interface CachedAnswers {
  /**
   * Removes the answers with this tag, within the scope and labels of the client or those in `options`. If requests with this tag are in flight,
   * their answers are not cached.
   * @returns the number of removed answers that were in memory
   */
  invalidateTag(tag: string, options?: ScopeOfAnswers): Promise<number>
  /**
   * Removes all answers. If a scope or labels are given, removes only the answers of that scope and those labels.
   * @throws any error of the far tier, after the answers in memory have been removed
   */
  clear(options?: ScopeOfAnswers): Promise<void>
  /** Switches the semantic cache on again after it was switched off, see `cache.semantic`, and forgets what was judged. */
  resetSemantic(): void
}

/**
 * Returns the methods with which users remove cached answers.
 * @param cache `open` returns the cache; `detachFlights` keeps later calls of other processes from joining calls in flight
 * @param nameOf returns the name of a scope in the cache; what is not given is that of the client
 */
export function cachedAnswers(
  cache: {
    readonly open: () => Promise<Cache<never>>
    readonly detachFlights: () => void
    readonly resetSemantic: () => void
  },
  nameOf: (given: ScopeOfAnswers) => string | Promise<string>,
): CachedAnswers {
  return {
    async invalidateTag(tag, given = {}) {
      cache.detachFlights()
      return (await cache.open()).invalidateTag(tag, { scope: await nameOf(given) })
    },
    resetSemantic: () => cache.resetSemantic(),
    async clear(given = {}) {
      const isAll = given.scope === undefined && given.labels === undefined
      cache.detachFlights()
      await (await cache.open()).clear(isAll ? {} : { scope: await nameOf(given) })
    },
  }
}
