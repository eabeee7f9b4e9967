import { CircuitBreaker } from './circuit-breaker.ts'
import { settingsOf, type BreakerOptions } from './options.ts'
import { duration, expect, ofType, validate, wholeNumber } from './validate.ts'

export interface RegistryLimits {
  /** How many breakers are kept. For one more, the closed one asked for longest ago is dropped, or else any. @default 1_000 */
  maxKeys?: number | undefined
  /** A closed breaker that nobody asked for so long, in milliseconds, is dropped. @default 3_600_000 */
  idleMs?: number | undefined
}

interface Entry {
  readonly key: string
  readonly breaker: CircuitBreaker
  usedAt: number
}

/** Breakers by key: one for each model, host, tenant or whatever fails on its own. */
export interface BreakerRegistry {
  /** The breaker of this key, made when it is first asked for. Ask each time: one that is kept elsewhere may be dropped here. */
  get(key: string): CircuitBreaker
  readonly size: number
  entries(): IterableIterator<[key: string, breaker: CircuitBreaker]>
}

/**
 * @param options of every breaker, or what makes the options for a key
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createBreakerRegistry(
  options: BreakerOptions | ((key: string) => BreakerOptions),
  limits: RegistryLimits = {},
): BreakerRegistry {
  validate(limits, { maxKeys: wholeNumber, idleMs: duration })
  const { maxKeys = 1_000, idleMs = 3_600_000 } = limits
  const { clock } = settingsOf(typeof options === 'function' ? {} : options)
  /** In the order in which they were last asked for. */
  const entries = new Map<string, Entry>()
  let last: Entry | undefined
  /** Nothing is old enough to be dropped before. */
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
      // Most ask for the same one again, which is where it belongs.
      if (last?.key === key && usedAt < sweepAt) {
        last.usedAt = usedAt
        return last.breaker
      }
      expect('key', key, ofType('string'))
      const known = entries.get(key)
      // Taken out, so that room is not made at its cost, and put back as the last.
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
