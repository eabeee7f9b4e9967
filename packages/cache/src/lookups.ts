import type { CacheParts } from './cache-parts.ts'
import type { Key, LoadOptions, LookupOptions, ScopeOptions } from './call-options.ts'
import type { Acceptance } from './flight/load-request.ts'
import { namedKey } from './keys/named-key.ts'
import { nameIn } from './keys/names.ts'
import { ageOf, freshnessOf, type Freshness } from './tiers/staleness.ts'
import type { Entry, NearEntry } from './tiers/entry.ts'

/** What a lookup came to. */
export interface FoundEntry {
  readonly entry: Entry
  readonly source: 'near' | 'far'
  readonly stale: boolean
  readonly ageMs: number
}

/** Looks into the tiers, and loads nothing. */
export class Lookups {
  readonly #parts: CacheParts

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /** The usual case, by the shortest way: a fresh value in memory. What it does not find may be there all the same. */
  quickHit(key: Key, scope: string | undefined, now: number): NearEntry | undefined {
    const { tiers, counters, closed } = this.#parts
    if (typeof key !== 'string' || closed) return undefined
    const hit = tiers.near.getFresh(nameIn(scope, key), now)
    if (hit === undefined || hit.head !== undefined || !hit.trusted) return undefined
    counters.hits++
    if (hit.awaited) tiers.near.used(hit)
    return hit
  }

  /** @param accepts whether the entry is of the kind asked for, and can be read */
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
    const served = SERVED[options.stale ?? 'while-revalidate'].includes(freshness)
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

  /** It counts as no lookup, and as no use. */
  has(key: Key, { scope }: ScopeOptions): boolean {
    const { tiers, settings } = this.#parts
    const name = namedKey(key, scope, settings.onError)?.name
    return name !== undefined && tiers.near.isFresh(name, settings.clock.now())
  }
}

/** Whether a fresh entry is all that is wanted. */
export function wantsFresh({ control = 'default', fresh, ahead, signal }: LoadOptions): boolean {
  return control === 'default' && !fresh && !ahead && !signal?.aborted
}

/** What may be served, by the staleness that a lookup allows. */
const SERVED: Readonly<Record<NonNullable<LookupOptions['stale']>, readonly Freshness[]>> = {
  no: ['fresh'],
  'while-revalidate': ['fresh', 'stale-while-revalidate'],
  'if-error': ['fresh', 'stale-while-revalidate', 'stale-if-error'],
}
