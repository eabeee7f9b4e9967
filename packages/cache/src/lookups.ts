import type { CacheParts } from './cache-parts.ts'
import type { Key, LoadOptions, LookupOptions, ScopeOptions } from './call-options.ts'
import type { Acceptance } from './flight/load-request.ts'
import { namedKey, nameIn } from './keys/named-key.ts'
import { ageOf, freshnessOf, type Freshness } from './tiers/staleness.ts'
import type { Entry, NearEntry } from './tiers/entry.ts'

/** An entry that a lookup found. */
export interface FoundEntry {
  readonly entry: Entry
  readonly source: 'near' | 'far'
  readonly stale: boolean
  readonly ageMs: number
}

/** Lookups in the tiers, without loading. */
export class Lookups {
  readonly #parts: CacheParts

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /**
   * Returns the entry in the usual case, a fresh value in memory. This is a fast path, without a promise or an async function. If it
   * returns undefined, `find` may still find an entry.
   */
  quickHit(key: Key, scope: string | undefined, now: number): NearEntry | undefined {
    const { tiers, counters, closed } = this.#parts
    if (typeof key !== 'string' || closed) return undefined
    const hit = tiers.near.getFresh(nameIn(scope, key), now)
    if (hit === undefined || hit.head !== undefined || !hit.trusted) return undefined
    counters.hits++
    if (hit.unused) tiers.near.used(hit)
    return hit
  }

  /** Looks for an entry in both tiers. @param accepts checks whether the entry is of the requested kind, and readable */
  async find(
    key: Key,
    options: LookupOptions,
    accepts: (entry: Entry) => Acceptance,
  ): Promise<FoundEntry | undefined> {
    const { counters, tiers, settings, closed } = this.#parts
    const name = namedKey(key, options.scope, settings.onError)?.name
    const found = name === undefined || closed ? undefined : await tiers.find(name)
    const now = settings.clock.now()
    const freshness = found?.entry ? freshnessOf(found.entry.life, now) : 'expired'
    const served = ACCEPTED_FRESHNESS[options.stale ?? 'while-revalidate'].includes(freshness)
    const acceptance = found?.entry && served ? accepts(found.entry) : 'other-kind'
    if (!found?.entry || acceptance !== 'accepted') {
      if (name !== undefined && acceptance === 'unreadable') tiers.near.deleteUntrusted(name)
      counters.misses++
      return undefined
    }
    const { entry, source } = found
    const stale = freshness !== 'fresh'
    counters[stale ? 'stale' : 'hits']++
    tiers.near.used(entry)
    return { entry, source, stale, ageMs: ageOf(entry.life, now) }
  }

  /** Whether the near tier has a fresh entry. This counts neither as a lookup nor as a use of the entry. */
  has(key: Key, { scope }: ScopeOptions): boolean {
    const { tiers, settings } = this.#parts
    const name = namedKey(key, scope, settings.onError)?.name
    return name !== undefined && tiers.near.isFresh(name, settings.clock.now())
  }
}

/** Whether a call with these options may be answered by the fast path, `quickHit`. */
export function allowsQuickHit({ control = 'default', fresh, isPrefetch, signal }: LoadOptions): boolean {
  return control === 'default' && !fresh && !isPrefetch && !signal?.aborted
}

/** For each value of the option `stale`: how fresh an entry may be for a lookup to return it. */
const ACCEPTED_FRESHNESS: Readonly<Record<NonNullable<LookupOptions['stale']>, readonly Freshness[]>> = {
  no: ['fresh'],
  'while-revalidate': ['fresh', 'stale-while-revalidate'],
  'if-error': ['fresh', 'stale-while-revalidate', 'stale-if-error'],
}
