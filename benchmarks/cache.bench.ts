/**
 * What `@harbor/cache` costs, and what it spares the origin, beside lru-cache, bentocache, cacheable, keyv and a Map, in turns in one
 * process.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/cache.bench.ts
 */
import { createCache, requestKey } from '@harbor/cache'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { Cacheable, createKeyv } from 'cacheable'
import Keyv from 'keyv'
import { LRUCache } from 'lru-cache'
import { printBundleSizes } from './bundle-size.ts'
import { measure, printTable, type Subject } from './measure.ts'

const ENTRIES = 10_000
const TTL_MS = 3_600_000
const BRIEFLY = { rounds: 31, times: 5_000 }
const VALUE = 'An answer of about two hundred characters. '.repeat(5)
const keys = Array.from({ length: ENTRIES }, (_, at) => `key-${at}-${'k'.repeat(30)}`)
const load = async (): Promise<string> => VALUE

const harbor = createCache<string>({ maxEntries: ENTRIES, ttlMs: TTL_MS })
const map = new Map<string, string>()
const lru = new LRUCache<string, string>({ max: ENTRIES })
const lruWithAll = new LRUCache<string, string>({
  max: ENTRIES,
  ttl: TTL_MS,
  maxSize: 64 * 2 ** 20,
  sizeCalculation: (value) => value.length,
  fetchMethod: load,
})
const bentocache = new BentoCache({
  default: 'memory',
  stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: ENTRIES })) },
})
const cacheable = new Cacheable({ ttl: TTL_MS })
const keyv = new Keyv<string>({ ttl: TTL_MS })

for (const key of keys) {
  map.set(key, VALUE)
  lru.set(key, VALUE)
  lruWithAll.set(key, VALUE)
  await Promise.all([
    harbor.set(key, VALUE),
    bentocache.set({ key, value: VALUE, ttl: TTL_MS }),
    cacheable.set(key, VALUE),
    keyv.set(key, VALUE),
  ])
}
const keyAt = (call: number): string => keys[(call * 7_919) % ENTRIES] ?? ''

/** A turn, so that what answers at once is awaited like what cannot. */
const turn = <T>(value: T): Promise<T> => Promise.resolve(value)

// Each subject has a loop of its own: a shared one would call through a pointer and slow down the fastest the most.
printTable(
  `get of a string, ${ENTRIES} entries`,
  await measure(
    {
      'lru-cache 11: max, ttl, maxSize, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(lruWithAll.get(keyAt(call)))
      },
      'lru-cache 11: max, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(lru.get(keyAt(call)))
      },
      'lru-cache 11: max, ttl, maxSize, not awaited': (async (times) => {
        let length = 0
        for (let call = 0; call < times; call++) length += lruWithAll.get(keyAt(call))?.length ?? 0
        return length
      }) satisfies Subject,
      'Map, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(map.get(keyAt(call)))
      },
      'harbor: get': async (times) => {
        for (let call = 0; call < times; call++) await harbor.get(keyAt(call))
      },
      bentocache: async (times) => {
        for (let call = 0; call < times; call++) await bentocache.get({ key: keyAt(call) })
      },
      cacheable: async (times) => {
        for (let call = 0; call < times; call++) await cacheable.get(keyAt(call))
      },
      keyv: async (times) => {
        for (let call = 0; call < times; call++) await keyv.get(keyAt(call))
      },
    },
    BRIEFLY,
  ),
)

printTable(
  'set of a string that is there',
  await measure(
    {
      'lru-cache 11: max, ttl, maxSize, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(lruWithAll.set(keyAt(call), VALUE))
      },
      'Map, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(map.set(keyAt(call), VALUE))
      },
      'harbor: set': async (times) => {
        for (let call = 0; call < times; call++) await harbor.set(keyAt(call), VALUE)
      },
      bentocache: async (times) => {
        for (let call = 0; call < times; call++) {
          await bentocache.set({ key: keyAt(call), value: VALUE, ttl: TTL_MS })
        }
      },
      cacheable: async (times) => {
        for (let call = 0; call < times; call++) await cacheable.set(keyAt(call), VALUE)
      },
      keyv: async (times) => {
        for (let call = 0; call < times; call++) await keyv.set(keyAt(call), VALUE)
      },
    },
    BRIEFLY,
  ),
)

const messages = [{ role: 'user', content: 'What is a harbor, and why do ships like it? '.repeat(20) }]
const request = { model: 'gpt-4', temperature: 0, messages }
const context = { baseURL: 'https://api.openai.com/v1', scope: 'tenant' }
const recordings = createCache<Uint8Array>()
const answer = new TextEncoder().encode(VALUE)
const open = () => ({
  head: { status: 200, headers: [['content-type', 'application/json']] },
  body: (async function* () {
    yield answer
  })(),
})
const recorded = await recordings.record(requestKey(request, context), open)
for await (const _ of recorded.body);

printTable(
  'A hit where a load stands ready',
  await measure(
    {
      'lru-cache 11: fetch': async (times) => {
        for (let call = 0; call < times; call++) await lruWithAll.fetch(keyAt(call))
      },
      'harbor: getOrLoad': async (times) => {
        for (let call = 0; call < times; call++) await harbor.getOrLoad(keyAt(call), load)
      },
      'harbor: load, with the outcome': async (times) => {
        for (let call = 0; call < times; call++) await harbor.load(keyAt(call), load)
      },
      'bentocache: getOrSet': async (times) => {
        for (let call = 0; call < times; call++)
          await bentocache.getOrSet({ key: keyAt(call), factory: load })
      },
      'cacheable: getOrSet': async (times) => {
        for (let call = 0; call < times; call++) await cacheable.getOrSet(keyAt(call), load)
      },
      'harbor: requestKey of 1 KB, record, new Response': async (times) => {
        for (let call = 0; call < times; call++) {
          const { head, body } = await recordings.record<{ status: number }>(
            requestKey(request, context),
            open,
          )
          const { value } = await body.next()
          new Response(value ?? null, { status: head.status })
        }
      },
    },
    { rounds: 31, times: 2_000 },
  ),
)

/** A thousand callers of one key that is not there; the origin takes 5 ms. */
async function stampede(
  name: string,
  ask: (key: string, origin: () => Promise<string>) => Promise<unknown>,
): Promise<void> {
  const cells: string[] = []
  for (const fails of [false, true]) {
    let calls = 0
    const origin = async (): Promise<string> => {
      calls++
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (fails) throw new Error('down')
      return VALUE
    }
    const begun = performance.now()
    const callers = Array.from({ length: 1_000 }, () =>
      ask(`stampede-${fails}`, origin).catch(() => 'failed'),
    )
    // Some take a turn after the other: what has not ended after 20 s is not waited for.
    const ended = await Promise.race([
      Promise.all(callers),
      new Promise<undefined>((resolve) => setTimeout(resolve, 20_000, undefined)),
    ])
    const took = ended ? `${(performance.now() - begun).toFixed(0)} ms` : 'over 20 s'
    cells.push(`${String(calls).padStart(6)} calls ${took.padStart(10)}`)
  }
  console.log(name.padEnd(30), cells.join('   '))
}

console.log('\n1,000 callers at once          a load of 5 ms             one that fails after 5 ms')
const promises = new Map<string, Promise<string>>()
await stampede('Map of promises', (key, origin) => {
  const pending = promises.get(key) ?? origin()
  promises.set(key, pending)
  return pending
})
const fetching = new LRUCache<string, string, () => Promise<string>>({
  max: 100,
  fetchMethod: (_, __, { context: origin }) => origin(),
})
await stampede('harbor', (key, origin) => harbor.getOrLoad(key, origin))
await stampede('lru-cache 11: fetch', (key, origin) => fetching.fetch(key, { context: origin }))
await stampede('cacheable: getOrSet', (key, origin) => cacheable.getOrSet(key, origin, { throwErrors: true }))
await stampede('bentocache: getOrSet', (key, origin) => bentocache.getOrSet({ key, factory: origin }))
await stampede('keyv: get, then set', async (key, origin) => {
  const there = await keyv.get(key)
  if (there !== undefined) return there
  const value = await origin()
  await keyv.set(key, value)
  return value
})

/** How often a cache of so many entries has what is asked for. */
const CAPACITY = 1_000
const REQUESTS = 300_000
const UNIVERSE = 100_000

console.log(`\nHits in %, ${REQUESTS} requests for ${UNIVERSE} keys, room for ${CAPACITY}`)
console.log(
  ''.padEnd(30),
  ...['Zipf 0.8', 'Zipf 1.0', '20 % scan', 'shifting'].map((name) => name.padStart(10)),
)
const traces = [zipf(0.8), zipf(1), scan(zipf(1)), shifting(zipf(1))]
await hitRatios('lru-cache 11', () => {
  const cache = new LRUCache<string, string>({ max: CAPACITY })
  return async (key) => cache.get(key) !== undefined || (cache.set(key, VALUE), false)
})
await hitRatios('harbor', () => {
  const cache = createCache<string>({ maxEntries: CAPACITY })
  return async (key) => (await cache.load(key, load)).status === 'hit'
})
await hitRatios('bentocache', () => {
  const cache = new BentoCache({
    default: 'memory',
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: CAPACITY })) },
  })
  return async (key) => missed((onMiss) => cache.getOrSet({ key, factory: onMiss }))
})
await hitRatios('cacheable: lruSize', () => {
  const cache = new Cacheable({ primary: createKeyv({ lruSize: CAPACITY }) })
  return async (key) => missed((onMiss) => cache.getOrSet(key, onMiss))
})
await hitRatios('Map, keyv: no bound', () => {
  const seen = new Set<string>()
  return async (key) => seen.has(key) || (seen.add(key), false)
})

async function missed(ask: (onMiss: () => Promise<string>) => Promise<unknown>): Promise<boolean> {
  let hit = true
  await ask(async () => {
    hit = false
    return VALUE
  })
  return hit
}

async function hitRatios(name: string, make: () => (key: string) => Promise<boolean>): Promise<void> {
  const cells: string[] = []
  for (const trace of traces) {
    const ask = make()
    let hits = 0
    for (const key of trace) if (await ask(`key-${key}`)) hits++
    cells.push(((100 * hits) / trace.length).toFixed(1).padStart(10))
  }
  console.log(name.padEnd(30), ...cells)
}

/** Requests whose popularity falls with the power of their rank. */
function zipf(exponent: number): Int32Array {
  const cumulated = new Float64Array(UNIVERSE)
  let sum = 0
  for (let rank = 0; rank < UNIVERSE; rank++) cumulated[rank] = sum += (rank + 1) ** -exponent
  const random = seeded(11)
  return Int32Array.from({ length: REQUESTS }, () => {
    const point = random() * sum
    let low = 0
    let high = UNIVERSE - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulated[middle] ?? 0) < point) low = middle + 1
      else high = middle
    }
    return low
  })
}

/** Every fifth request is for something that is never asked for again. */
function scan(trace: Int32Array): Int32Array {
  return trace.map((key, at) => (at % 5 === 0 ? UNIVERSE + at : key))
}

/** What is popular changes ten times. */
function shifting(trace: Int32Array): Int32Array {
  return trace.map((key, at) => (key + Math.floor((at * 10) / REQUESTS) * 10_007) % UNIVERSE)
}

function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

await printBundleSizes(
  "export { createCache } from '@harbor/cache'",
  "export * from '@harbor/cache'",
  "export { requestKey } from '@harbor/cache'",
  "export { LRUCache } from 'lru-cache'",
  "export { BentoCache, bentostore } from 'bentocache'; export { memoryDriver } from 'bentocache/drivers/memory'",
  "export { Cacheable } from 'cacheable'",
)
await bentocache.disconnectAll()
process.exit()
