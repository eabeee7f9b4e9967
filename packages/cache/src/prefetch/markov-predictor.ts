import { LRUCache } from 'lru-cache'
import { count, timer, validate, type Check } from '../base/validate.ts'
import { nameIn } from '../keys/named-key.ts'
import type { Prediction, Predictor } from './predictor.ts'

export interface MarkovPredictorOptions {
  /** A request that comes later than this after the last one of its session begins a new sequence, in milliseconds. @default 1_800_000 (30 minutes) */
  sessionGapMs?: number | undefined
  /** The maximum number of scopes; the least recently used is forgotten first. @default 1_000 */
  maxScopes?: number | undefined
  /** The maximum number of keys per scope. @default 1_000 */
  maxKeys?: number | undefined
  /** The maximum number of followers per key; the rarest is forgotten first. @default 16 */
  maxFollowers?: number | undefined
}

interface Followers {
  total: number
  readonly counts: Map<string, number>
}

/** The last request of a session. */
interface Session {
  lastKey: string
  lastAt: number
}

/**
 * A first-order Markov chain per scope: a key that followed another in one session may follow it again in any session of that scope. It
 * does not interpret keys, and scopes do not learn from each other.
 *
 * @throws TypeError for an unknown or invalid option
 */
export class MarkovPredictor implements Predictor {
  /** The followers by scope and key. */
  readonly #scopes: LRUCache<string, LRUCache<string, Followers>>
  readonly #sessions: LRUCache<string, Session>
  readonly #sessionGapMs: number
  readonly #maxKeys: number
  readonly #maxFollowers: number

  constructor(options: MarkovPredictorOptions = {}) {
    validate(options, CHECKS)
    this.#sessionGapMs = options.sessionGapMs ?? 1_800_000
    this.#maxKeys = options.maxKeys ?? 1_000
    this.#maxFollowers = options.maxFollowers ?? 16
    this.#scopes = growing(options.maxScopes ?? 1_000)
    this.#sessions = growing(MAX_SESSIONS)
  }

  observe(scope: string, key: string, now: number, session = ''): void {
    const name = nameIn(scope, session)
    const known = this.#sessions.get(name)
    if (known && now - known.lastAt <= this.#sessionGapMs) {
      this.#count(scope, known.lastKey, key)
    }
    this.#sessions.set(name, { lastKey: key, lastAt: now })
  }

  predict(scope: string, key: string): readonly Prediction[] {
    const followers = this.#scopes.get(scope)?.get(key)
    if (!followers) return []
    const { total, counts } = followers
    return [...counts]
      .map(([next, support]) => ({ key: next, support, confidence: support / total }))
      .sort((one, other) => other.support - one.support)
  }

  #count(scope: string, key: string, next: string): void {
    let byKey = this.#scopes.get(scope)
    if (!byKey) this.#scopes.set(scope, (byKey = growing(this.#maxKeys)))
    let followers = byKey.get(key)
    if (!followers) byKey.set(key, (followers = { total: 0, counts: new Map<string, number>() }))
    const { counts } = followers
    followers.total++
    const seen = counts.get(next)
    if (seen === undefined && counts.size >= this.#maxFollowers) this.#forgetRarest(followers)
    counts.set(next, (seen ?? 0) + 1)
  }

  #forgetRarest(followers: Followers): void {
    const [rarest] = [...followers.counts].sort(([, one], [, other]) => one - other)
    if (!rarest) return
    const [key, support] = rarest
    followers.counts.delete(key)
    followers.total -= support
  }
}

/** A map that grows with its entries, since most applications have few scopes and keys. `max` would allocate for all in advance. */
function growing<Value extends object>(maxSize: number): LRUCache<string, Value> {
  return new LRUCache({ maxSize, sizeCalculation: () => 1 })
}

/** The maximum number of sessions over all scopes; beyond that, the least recently used counts as ended. */
const MAX_SESSIONS = 10_000

const CHECKS: Readonly<Record<keyof MarkovPredictorOptions, Check>> = {
  sessionGapMs: timer,
  maxScopes: count,
  maxKeys: count,
  maxFollowers: count,
}
