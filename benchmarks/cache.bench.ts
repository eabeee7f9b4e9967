/**
 * What `@harbor/cache` costs, and what it spares the origin, beside lru-cache, bentocache, cacheable, keyv and a Map, in turns in one
 * process.
 *
 *     pnpm bench cache
 */
import { createCache, requestKey } from '@harbor/cache'
import { printBundleSizes } from './bundle-size.ts'
import { printHitRatios } from './cache/hit-ratios.ts'
import { newBentocache, newCacheable, newHarbor, newKeyv, newLru, TTL_MS, VALUE } from './cache/rivals.ts'
import { printStampedes } from './cache/stampede.ts'
import { measure, printTable } from './measure.ts'

const ENTRIES = 10_000
/** Many short rounds: on a machine that others use too, most of them are not interrupted. */
const BRIEFLY = { rounds: 101, times: 1_000 }
const keys = Array.from({ length: ENTRIES }, (_, at) => `key-${at}-${'k'.repeat(30)}`)
const load = async (): Promise<string> => VALUE

const harbor = newHarbor(ENTRIES)
const map = new Map<string, string>()
const lru = newLru(ENTRIES)
const exactLru = newLru(ENTRIES, { ttlResolution: 0 })
const bentocache = newBentocache(ENTRIES)
const cacheable = newCacheable(ENTRIES)
const keyv = newKeyv()

for (const key of keys) {
  map.set(key, VALUE)
  lru.set(key, VALUE)
  exactLru.set(key, VALUE)
  await Promise.all([
    harbor.set(key, VALUE),
    bentocache.set({ key, value: VALUE, ttl: TTL_MS }),
    cacheable.set(key, VALUE),
    keyv.set(key, VALUE),
  ])
}
const keyAt = (call: number): string => keys[(call * 7_919) % ENTRIES] ?? ''

/** What answers at once is awaited like what cannot. */
const turn = <T>(value: T): Promise<T> => Promise.resolve(value)

// Each subject has a loop of its own: a shared one would call through a pointer and slow down the fastest the most.
printTable(
  `get of a string, ${ENTRIES} entries`,
  await measure(
    {
      'lru-cache 11, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(lru.get(keyAt(call)))
      },
      'lru-cache 11 that reads the clock at every get, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(exactLru.get(keyAt(call)))
      },
      'lru-cache 11, not awaited': async (times) => {
        let length = 0
        for (let call = 0; call < times; call++) length += lru.get(keyAt(call))?.length ?? 0
        return length
      },
      'bare await': async (times) => {
        for (let call = 0; call < times; call++) await turn(keyAt(call))
      },
      'one reading of the clock': async (times) => {
        let sum = 0
        for (let call = 0; call < times; call++) sum += performance.now()
        return sum
      },
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

const hotKeyAt = (call: number): string => keys[call % 100] ?? ''

printTable(
  'get of a string, the same 100, with nothing else in between',
  await measure(
    {
      'lru-cache 11, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(lru.get(hotKeyAt(call)))
      },
      'lru-cache 11 that reads the clock at every get, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(exactLru.get(hotKeyAt(call)))
      },
      'harbor: get': async (times) => {
        for (let call = 0; call < times; call++) await harbor.get(hotKeyAt(call))
      },
    },
    BRIEFLY,
  ),
)

printTable(
  'set of a string that is there',
  await measure(
    {
      'lru-cache 11, awaited': async (times) => {
        for (let call = 0; call < times; call++) await turn(lru.set(keyAt(call), VALUE))
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

printTable(
  'A hit where a load stands ready',
  await measure(
    {
      'lru-cache 11: fetch': async (times) => {
        for (let call = 0; call < times; call++) await lru.fetch(keyAt(call), { context: load })
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
    },
    BRIEFLY,
  ),
)

const request = {
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user', content: 'What is a harbor, and why do ships like it? '.repeat(22) }],
}
const context = { baseURL: 'https://api.openai.com/v1/chat/completions', scope: 'tenant' }
const key = requestKey(request, context)
const recordings = createCache<Uint8Array>()
const bytes = new TextEncoder().encode(VALUE)
const open = () => ({
  head: { status: 200, headers: [['content-type', 'application/json']] as [string, string][] },
  body: (async function* () {
    yield bytes
  })(),
})
for await (const _ of (await recordings.record(key, open)).body);

/** A hit, up to the Response. */
async function respond(name: string): Promise<Response> {
  const { head, body } = await recordings.record<ReturnType<typeof open>['head']>(name, open)
  const { value } = await body.next()
  return new Response(value ?? null, head)
}

const objects = createCache<object>()
const object = JSON.parse(
  JSON.stringify({ ...request, id: 'chatcmpl-1', usage: { total_tokens: 500 } }),
) as object
await objects.set('key', object)

printTable(
  `A hit of a recorded answer, a request of ${JSON.stringify(request).length} bytes`,
  await measure(
    {
      requestKey: async (times) => {
        for (let call = 0; call < times; call++) requestKey(request, context)
      },
      'record, by a key that is made': async (times) => {
        for (let call = 0; call < times; call++) await recordings.record(key, open)
      },
      'new Response, of bytes that are there': async (times) => {
        for (let call = 0; call < times; call++) new Response(bytes, open().head)
      },
      'all: requestKey, record, new Response': async (times) => {
        for (let call = 0; call < times; call++) await respond(requestKey(request, context))
      },
      'get of an object of that size, which is copied': async (times) => {
        for (let call = 0; call < times; call++) await objects.get('key')
      },
      'structuredClone of it': async (times) => {
        for (let call = 0; call < times; call++) structuredClone(object)
      },
    },
    { rounds: 101, times: 100 },
  ),
)

await printStampedes()
await printHitRatios()
await printBundleSizes(
  "export { createCache } from '@harbor/cache'",
  "export * from '@harbor/cache'",
  "export { requestKey } from '@harbor/cache'",
  "export { LRUCache } from 'lru-cache'",
  "export { BentoCache, bentostore } from 'bentocache'; export { memoryDriver } from 'bentocache/drivers/memory'",
  "export { Cacheable } from 'cacheable'",
)
// What cacheable begins, nothing ends.
process.exit()
