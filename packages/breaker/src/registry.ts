import { CircuitBreaker } from './circuit-breaker.ts'
import { settingsOf, type BreakerOptions } from './options.ts'
import { aString, checksOf, duration, expectValue, validate, wholeNumber } from './validate.ts'

export interface RegistryLimits {
  /** The maximum number of breakers. Beyond it the least recently used closed one is dropped, or else any. @default 1_000 */
  maxKeys?: number | undefined
  /** A closed breaker is dropped when it was not used for this long, in milliseconds. @default 3_600_000 */
  idleMs?: number | undefined
}

interface Entry {
  readonly key: string
  readonly breaker: CircuitBreaker
  usedAt: number
}

/** Breakers by key: one for each model, host, tenant or anything else that fails on its own. */
export interface BreakerRegistry {
  /** The breaker for this key, created on first use. Call it every time: the registry may drop a breaker that you hold. */
  get(key: string): CircuitBreaker
  readonly size: number
  entries(): IterableIterator<[key: string, breaker: CircuitBreaker]>
}

/**
 * @param options for every breaker, or a function that returns the options for a key
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function createBreakerRegistry(
  options: BreakerOptions | ((key: string) => BreakerOptions),
  limits: RegistryLimits = {},
): BreakerRegistry {
  validate(limits, LIMIT_CHECKS)
  const { maxKeys = 1_000, idleMs = 3_600_000 } = limits
  const { clock } = settingsOf(typeof options === 'function' ? {} : options)
  /** The least recently used first. */
  const entries = new Map<string, Entry>()
  let last: Entry | undefined
  /** Before this time no entry is old enough to be dropped. */
  let sweepAt = 0

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
      // Usually the same key as last time, which is in its place already.
      if (last?.key === key && usedAt < sweepAt) {
        last.usedAt = usedAt
        return last.breaker
      }
      expectValue('key', key, aString)
      const known = entries.get(key)
      // Removed first, so that makeRoom() does not drop it, and added again at the end.
      entries.delete(key)
      makeRoom(usedAt)
      const breaker =
        known?.breaker ?? new CircuitBreaker(typeof options === 'function' ? options(key) : options)
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
