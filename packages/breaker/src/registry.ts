import { CircuitBreaker } from './circuit-breaker.ts'
import { settingsOf, type BreakerOptions } from './options.ts'
import { aString, checksOf, duration, expectValue, validate, wholeNumber } from './validate.ts'

/** How many breakers a registry holds, and for how long. */
export interface RegistryLimits {
  /**
   * The maximum number of breakers, a whole number of at least 1. When a new breaker would exceed it, the least recently used breaker is dropped, if
   * possible a closed one. @default 1_000
   */
  maxKeys?: number | undefined
  /**
   * How long a closed breaker may stay unused before it is dropped, in milliseconds, at least 1. Breakers in other states are not dropped for this
   * reason. @default 3_600_000
   */
  idleMs?: number | undefined
}

interface Entry {
  readonly key: string
  readonly breaker: CircuitBreaker
  usedAt: number
}

/** Holds one breaker for each key. A key is a model, a host, a tenant, or anything else that can fail separately. */
export interface BreakerRegistry {
  /**
   * Returns the breaker for this key, which is created on first use. Call this for each request instead of storing the breaker:
   * the registry may drop a breaker and later create another one for its key.
   */
  get(key: string): CircuitBreaker
  /** The number of breakers that exist now, at most `maxKeys`. */
  readonly size: number
  /** Iterates over the keys and breakers that exist now, the least recently used first. */
  entries(): IterableIterator<[key: string, breaker: CircuitBreaker]>
}

/**
 * Creates a registry of breakers: one per key, each created when its key is first used.
 *
 * @param options the options of every breaker, or a function that returns the options for a key; it is called when a breaker is created
 * @param limits how many breakers the registry holds, and for how long
 * @throws TypeError for an unknown or invalid option. If the function returns such options, `get()` throws the error
 */
export function createBreakerRegistry(
  options: BreakerOptions | ((key: string) => BreakerOptions),
  limits: RegistryLimits = {},
): BreakerRegistry {
  validate(limits, LIMIT_CHECKS)
  const { maxKeys = 1_000, idleMs = 3_600_000 } = limits
  const { clock } = settingsOf(typeof options === 'function' ? {} : options)
  /** The entries by key, the least recently used first. */
  const entries = new Map<string, Entry>()
  let last: Entry | undefined
  /** The time before which no entry is old enough to be dropped. */
  let sweepAt = 0

  function optionsFor(key: string): BreakerOptions {
    const own = typeof options === 'function' ? options(key) : options
    return { ...own, name: own.name ?? key }
  }

  function makeRoom(now: number): void {
    sweepAt = now + idleMs
    for (const [key, { breaker, usedAt }] of entries) {
      if (entries.size < maxKeys && usedAt + idleMs > now) {
        sweepAt = usedAt + idleMs
        return
      }
      if (breaker.state === 'closed') entries.delete(key)
    }
    const [oldest] = entries.keys()
    if (entries.size >= maxKeys && oldest !== undefined) entries.delete(oldest)
  }

  return {
    get(key) {
      const usedAt = clock.now()
      // Often the key is the same as in the last call. Then its entry is the last one in the map already.
      if (last?.key === key && usedAt < sweepAt) {
        last.usedAt = usedAt
        return last.breaker
      }
      expectValue('key', key, aString)
      const known = entries.get(key)
      // Removed first, so that makeRoom() does not drop it, and added again at the end.
      entries.delete(key)
      makeRoom(usedAt)
      const breaker = known?.breaker ?? new CircuitBreaker(optionsFor(key))
      last = { key, breaker, usedAt }
      entries.set(key, last)
      return breaker
    },
    get size() {
      return entries.size
    },
    *entries() {
      for (const [key, { breaker }] of entries) yield [key, breaker]
    },
  }
}

const LIMIT_CHECKS = /* @__PURE__ */ checksOf({ maxKeys: wholeNumber, idleMs: duration })
