import type { Cache } from '@harbor/cache'

/** What a client and its copies keep of answers, to be forgotten by hand. */
export interface KeptAnswers {
  /**
   * Forgets all answers with this tag, also those that are on their way.
   * @param options.scope whose answers; by default those of the client's own `cache.scope` or credential
   * @returns how many of them were in memory
   */
  invalidateTag(tag: string, options?: { readonly scope?: string | undefined }): Promise<number>
  /**
   * Forgets everything, or everything of one scope.
   * @throws what the far tier throws: then only the memory has forgotten
   */
  clear(options?: { readonly scope?: string | undefined }): Promise<void>
}

/** @param ownScope asked for when no scope is given */
export function keptAnswers(
  store: () => Cache<never>,
  ownScope: () => string | Promise<string>,
): KeptAnswers {
  return {
    async invalidateTag(tag, { scope } = {}) {
      return store().invalidateTag(tag, { scope: scope ?? (await ownScope()) })
    },
    async clear(options) {
      await store().clear(options)
    },
  }
}
