import { measure, type Measurement, type Subject } from '../measure.ts'
import { figures, inWords, judged, tableOf, type Figures, type Table } from '../table.ts'
import { newBentocache, newCacheable, newHarbor, newKeyv, newLru, TTL_MS, VALUE } from './rivals.ts'

const ENTRIES = 10_000
/** The goal for `get`, as a multiple of lru-cache's. */
const WANTED = 1.5
/** Many short rounds: on a shared machine most of them are not interrupted. */
const BRIEFLY = { rounds: 101, times: 1_000 }

const keys = Array.from({ length: ENTRIES }, (_, at) => `key-${at}-${'k'.repeat(30)}`)
const keyAt = (call: number): string => keys[(call * 7_919) % ENTRIES] ?? ''
const hotKeyAt = (call: number): string => keys[call % 100] ?? ''
const load = async (): Promise<string> => VALUE

const harbor = newHarbor(ENTRIES)
const map = new Map<string, string>()
const lru = newLru(ENTRIES)
const exactLru = newLru(ENTRIES, { ttlResolution: 0 })
const bentocache = newBentocache(ENTRIES)
const cacheable = newCacheable(ENTRIES)
const keyv = newKeyv()

/** A synchronous result is awaited like an asynchronous one. */
const turn = <T>(value: T): Promise<T> => Promise.resolve(value)

// Each subject has its own loop: a shared loop would call through a pointer, which slows down the fastest subject the most.
const GETS: Record<string, Subject> = {
  'lru-cache 11': async (times) => {
    for (let call = 0; call < times; call++) await turn(lru.get(keyAt(call)))
  },
  'lru-cache 11, reading the clock on every get': async (times) => {
    for (let call = 0; call < times; call++) await turn(exactLru.get(keyAt(call)))
  },
  'lru-cache 11, not awaited': async (times) => {
    let length = 0
    for (let call = 0; call < times; call++) length += lru.get(keyAt(call))?.length ?? 0
    return length
  },
  'a Map': async (times) => {
    for (let call = 0; call < times; call++) await turn(map.get(keyAt(call)))
  },
  '**harbor**': async (times) => {
    for (let call = 0; call < times; call++) await harbor.get(keyAt(call))
  },
  bentocache: async (times) => {
    for (let call = 0; call < times; call++) await bentocache.get({ key: keyAt(call) })
  },
  keyv: async (times) => {
    for (let call = 0; call < times; call++) await keyv.get(keyAt(call))
  },
  cacheable: async (times) => {
    for (let call = 0; call < times; call++) await cacheable.get(keyAt(call))
  },
  'bare await': async (times) => {
    for (let call = 0; call < times; call++) await turn(keyAt(call))
  },
  'one reading of the clock': async (times) => {
    let sum = 0
    for (let call = 0; call < times; call++) sum += performance.now()
    return sum
  },
}

const SETS: Record<string, Subject> = {
  'lru-cache 11': async (times) => {
    for (let call = 0; call < times; call++) await turn(lru.set(keyAt(call), VALUE))
  },
  'a Map': async (times) => {
    for (let call = 0; call < times; call++) await turn(map.set(keyAt(call), VALUE))
  },
  '**harbor**': async (times) => {
    for (let call = 0; call < times; call++) await harbor.set(keyAt(call), VALUE)
  },
  bentocache: async (times) => {
    for (let call = 0; call < times; call++) {
      await bentocache.set({ key: keyAt(call), value: VALUE, ttl: TTL_MS })
    }
  },
  keyv: async (times) => {
    for (let call = 0; call < times; call++) await keyv.set(keyAt(call), VALUE)
  },
  cacheable: async (times) => {
    for (let call = 0; call < times; call++) await cacheable.set(keyAt(call), VALUE)
  },
}

const LOADS: Record<string, Subject> = {
  'lru-cache 11': async (times) => {
    for (let call = 0; call < times; call++) await lru.fetch(keyAt(call), { context: load })
  },
  '**harbor**': async (times) => {
    for (let call = 0; call < times; call++) await harbor.getOrLoad(keyAt(call), load)
  },
  bentocache: async (times) => {
    for (let call = 0; call < times; call++) await bentocache.getOrSet({ key: keyAt(call), factory: load })
  },
  cacheable: async (times) => {
    for (let call = 0; call < times; call++) await cacheable.getOrSet(keyAt(call), load)
  },
}

const HOT = {
  // The first one is what the others are compared with.
  'lru-cache 11, reading the clock on every get': async (times) => {
    for (let call = 0; call < times; call++) await turn(exactLru.get(hotKeyAt(call)))
  },
  'lru-cache 11': async (times) => {
    for (let call = 0; call < times; call++) await turn(lru.get(hotKeyAt(call)))
  },
  '**harbor**': async (times) => {
    for (let call = 0; call < times; call++) await harbor.get(hotKeyAt(call))
  },
} satisfies Record<string, Subject>

/** The cost of hits, and of replacing entries, as a table. */
export async function hitTable(): Promise<Table> {
  const gets = await measure(GETS, BRIEFLY)
  const sets = await measure(SETS, BRIEFLY)
  const loads = await measure(LOADS, BRIEFLY)
  const names = Object.keys(gets)
  const column = (
    digits: number,
    measurements: Partial<Record<string, Measurement>>,
    what: keyof Measurement,
  ): Figures =>
    figures(
      digits,
      names.map((name) => measurements[name]?.[what]),
    )
  return judged(
    tableOf({
      [`a hit in ${inWords(ENTRIES)} entries`]: names,
      goal: figures(
        1,
        names.map((name) => (name.includes('harbor') ? WANTED : undefined)),
      ),
      'ratio of `get`': column(1, gets, 'ratio'),
      '`get`, ns': column(0, gets, 'ns'),
      'bytes allocated': column(0, gets, 'bytes'),
      '`set`, ns': column(0, sets, 'ns'),
      'with a load ready, ns': column(0, loads, 'ns'),
    }),
    { wanted: 'goal', got: 'ratio of `get`', unit: '×', digits: 2 },
    () => `a hit in ${inWords(ENTRIES)} entries, vs. lru-cache`,
  )
}

/** The same 100 entries, which stay in the processor's caches. */
export const measureHotHits = () => measure(HOT, BRIEFLY)

/** Fills all caches with the keys that are read later. */
export async function fillCaches(): Promise<void> {
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
}
