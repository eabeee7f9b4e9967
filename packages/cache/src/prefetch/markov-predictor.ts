import { LRUCache } from 'lru-cache'
import { nameIn } from '../keys/names.ts'
import { count, timer, validate, type Check } from '../base/validate.ts'
import type { Prediction, Predictor } from './predictor.ts'

export interface MarkovPredictorOptions {
  /** What comes later than that after the last request does not follow from it. @default 1_800_000 (30 minutes) */
  sessionGapMs?: number | undefined
  /** So many scopes are remembered; those that ask least lately are forgotten first. @default 1_000 */
  maxScopes?: number | undefined
  /** So many keys in each scope. @default 1_000 */
  maxKeys?: number | undefined
  /** So many followers of each key. @default 16 */
  maxFollowers?: number | undefined
}

interface Followers {
  total: number
  readonly counts: Map<string, number>
}

/** What was asked for last. */
interface Session {
  lastKey: string
  lastAt: number
}

/**
 * A first-order Markov chain for each scope: what followed a key in one session may follow it again in any other of that scope. It
 * knows nothing of what keys mean, and one scope's history says nothing about another's.
 *
 * @throws TypeError for an option that does not exist or makes no sense
 */
export class MarkovPredictor implements Predictor {
  /** By scope and key, what followed. */
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
    this.#sessions = growing(MOST_SESSIONS)
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

/** Room is made as entries come: most applications have few, of each. */
function growing<Value extends object>(most: number): LRUCache<string, Value> {
  return new LRUCache({ maxSize: most, sizeCalculation: () => 1 })
}

/** Over all scopes; beyond that, the idlest are taken for ended. */
const MOST_SESSIONS = 10_000

const CHECKS: Readonly<Record<keyof MarkovPredictorOptions, Check>> = {
  sessionGapMs: timer,
  maxScopes: count,
  maxKeys: count,
  maxFollowers: count,
}
