import { figures, inWords, tableOf, type Figures, type Table } from '../table.ts'
import { newBentocache, newCacheable, newHarbor, newLru, VALUE, type Origin } from './rivals.ts'
import { traces, UNIVERSE } from './traces.ts'

const CAPACITY = 1_000

/** Reads a key, and returns whether it was cached. */
type Ask = (key: string) => Promise<boolean>

/** The hit ratios of caches of the same size, as a table. */
export async function hitRatioTable(): Promise<Table> {
  const columns: Record<string, string[] | Figures> = {
    [`hits in %, room for ${inWords(CAPACITY)} of ${inWords(UNIVERSE)} keys`]: Object.keys(CONTENDERS),
  }
  for (const [name, trace] of Object.entries(traces())) {
    const percentages: number[] = []
    for (const make of Object.values(CONTENDERS)) {
      const ask = make()
      let hits = 0
      for (const key of trace) if (await ask(`key-${key}`)) hits++
      percentages.push((100 * hits) / trace.length)
    }
    columns[name] = figures(1, percentages)
  }
  return tableOf(columns)
}

const CONTENDERS: Record<string, () => Ask> = {
  'lru-cache 11'() {
    const cache = newLru(CAPACITY)
    return async (key) => {
      const there = cache.get(key) !== undefined
      if (!there) cache.set(key, VALUE)
      return there
    }
  },
  '**harbor**'() {
    const cache = newHarbor(CAPACITY)
    return (key) => isHit((origin) => cache.getOrLoad(key, origin))
  },
  bentocache() {
    const cache = newBentocache(CAPACITY)
    return (key) => isHit((origin) => cache.getOrSet({ key, factory: origin }))
  },
  cacheable() {
    const cache = newCacheable(CAPACITY)
    return (key) => isHit((origin) => cache.getOrSet(key, origin))
  },
  'Map and keyv, unbounded'() {
    const seen = new Set<string>()
    return async (key) => {
      const there = seen.has(key)
      seen.add(key)
      return there
    }
  },
}

async function isHit(ask: (origin: Origin) => Promise<unknown>): Promise<boolean> {
  let hit = true
  await ask(async () => {
    hit = false
    return VALUE
  })
  return hit
}
