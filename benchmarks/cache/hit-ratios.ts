import { newBentocache, newCacheable, newHarbor, newLru, VALUE, type Origin } from './rivals.ts'
import { REQUESTS, traces, UNIVERSE } from './traces.ts'

const CAPACITY = 1_000

/** Asks for a key, and says whether it was there. */
type Ask = (key: string) => Promise<boolean>

/** Prints how often caches of the same size have what is asked for. */
export async function printHitRatios(): Promise<void> {
  const all = traces()
  console.log(`\nHits in %, ${REQUESTS} requests for ${UNIVERSE} keys, room for ${CAPACITY}`)
  console.log(''.padEnd(30), ...Object.keys(all).map((name) => name.padStart(10)))
  for (const [name, make] of Object.entries(CONTENDERS)) {
    const cells: string[] = []
    for (const trace of Object.values(all)) {
      const ask = make()
      let hits = 0
      for (const key of trace) if (await ask(`key-${key}`)) hits++
      cells.push(((100 * hits) / trace.length).toFixed(1).padStart(10))
    }
    console.log(name.padEnd(30), ...cells)
  }
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
  harbor() {
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
  'Map and keyv, without a bound'() {
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
