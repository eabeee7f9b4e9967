import { createCache, type Cache } from '@harbor/cache'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { Cacheable, createKeyv } from 'cacheable'
import Keyv from 'keyv'
import { LRUCache } from 'lru-cache'

export const TTL_MS = 3_600_000
/** About two hundred characters: a short answer. */
export const VALUE = 'An answer of about two hundred characters. '.repeat(5)

export type Origin = () => Promise<string>

export const newHarbor = (maxEntries: number): Cache<string> =>
  createCache<string>({ maxEntries, ttlMs: TTL_MS })

/** Configured like Harbor's L1: bounded in entries and bytes, with a time to live. */
export const newLru = (
  max: number,
  more: { ttlResolution?: number } = {},
): LRUCache<string, string, Origin> =>
  new LRUCache<string, string, Origin>({
    max,
    ttl: TTL_MS,
    maxSize: 64 * 2 ** 20,
    sizeCalculation: (value) => value.length,
    fetchMethod: (_key, _stale, { context: origin }) => origin(),
    ...more,
  })

export const newBentocache = (maxItems: number) =>
  new BentoCache({
    default: 'memory',
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems })) },
  })

export const newCacheable = (lruSize: number): Cacheable =>
  new Cacheable({ ttl: TTL_MS, primary: createKeyv({ lruSize }) })

/** On a Map, since it has no bound. */
export const newKeyv = (): Keyv<string> => new Keyv<string>({ ttl: TTL_MS })
