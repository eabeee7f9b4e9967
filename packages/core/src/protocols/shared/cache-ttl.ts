import { isRecord, type JsonBody } from '../../base/json.ts'
import type { CacheTtl } from '../../reporting/price.ts'

/** The fields that ask a provider to cache a prompt, each with its time to live if the request names none. */
export type CacheMarks = Readonly<Record<string, CacheTtl>>

/** Times to live of a prompt cache, the most expensive first. */
const BY_PRICE: readonly [CacheTtl, ...CacheTtl[]] = ['12h', '1h', '30m', '5m']

/**
 * Finds the most expensive time to live that a request asks a provider's prompt cache for, anywhere in its body; undefined if it asks for
 * none. An unknown time to live counts as the most expensive one.
 */
export function requestedTtl(body: JsonBody, marks: CacheMarks): CacheTtl | undefined {
  let rank: number = BY_PRICE.length
  const open: object[] = [body]
  // Runs for each call, over all of its request: no lists of entries, and no set of what is found.
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const name of Object.keys(holder)) {
      const value: unknown = holder[name as never]
      if (typeof value !== 'object' || value === null) continue
      const usual = isRecord(value) && Object.hasOwn(marks, name) ? marks[name] : undefined
      if (usual === undefined) open.push(value)
      else rank = Math.min(rank, BY_PRICE.indexOf(ttlOf(value as JsonBody, usual)))
    }
  }
  return BY_PRICE[rank]
}

function ttlOf({ ttl }: JsonBody, usual: CacheTtl): CacheTtl {
  if (ttl === undefined || ttl === null) return usual
  return BY_PRICE.find((each) => each === ttl) ?? BY_PRICE[0]
}
