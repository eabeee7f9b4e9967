import type { Cache } from '@harbor/cache'
import type { HeaderEntry } from '../call/identity.ts'
import type { Scope, Scopes } from './scopes.ts'

/** The maximum number of different headers that are counted. */
const MAX_HEADERS = 64
const MAX_NAMED = 3

/**
 * Explains cache misses. A call may miss although the same request has a cached answer in another scope, because some of its headers
 * differ. This class finds these separating headers, for example one with a new value in each request, which disables the cache. Only names
 * of headers leave this file, never their values.
 */
export class SeparatingHeaders {
  readonly #counts = new Map<string, number>()

  /**
   * Finds the separating headers after a miss.
   * @param key the cache key of the request, without its scope
   * @returns the names of the first few; undefined if no other recent scope has an answer to the request
   */
  find(key: string, scope: Scope, scopes: Scopes, store: Cache<never>): string | undefined {
    const { recent } = scopes
    if (recent.length < 2) return undefined
    const twin = recent.findLast(
      (other) => other !== scope && store.has(key + other.variant, { scope: other.name }),
    )
    const names = twin && differing(scope.headers, twin.headers)
    if (!names || names.length === 0) return undefined
    for (const name of names) this.#count(name)
    return names.slice(0, MAX_NAMED).join(', ')
  }

  /** Returns, for each separating header, how many calls missed a cached answer because of it. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  #count(name: string): void {
    const known = this.#counts.get(name)
    if (known !== undefined || this.#counts.size < MAX_HEADERS) this.#counts.set(name, (known ?? 0) + 1)
  }
}

function differing(ours: readonly HeaderEntry[], theirs: readonly HeaderEntry[]): readonly string[] {
  const own = new Map(ours)
  const other = new Map(theirs)
  const names = new Set([...own.keys(), ...other.keys()])
  return [...names].filter((name) => own.get(name) !== other.get(name)).map((name) => name.slice(0, 64))
}
