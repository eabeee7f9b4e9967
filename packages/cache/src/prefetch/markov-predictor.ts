import { LRUCache } from 'lru-cache'
import { nameIn } from '../names.ts'
import { count, timer, validate, type Check } from '../validate.ts'
import type { Prediction, Predictor } from './predictor.ts'

export interface MarkovPredictorOptions {
  /** What comes later than that after the last request does not follow from it. @default 1_800_000 (30 minutes) */
  sessionGapMs?: number | undefined
  /** So many scopes are remembered; those that ask least lately are forgotten first. @default 1_000 */
  maxScopes?: number | undefined
  /** So many sessions are under way, over all scopes; the idlest are taken for ended first. @default 10_000 */
  maxSessions?: number | undefined
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
    this.#scopes = new LRUCache({ max: options.maxScopes ?? 1_000 })
    // Room is made as they come: most applications have few.
    this.#sessions = new LRUCache({ maxSize: options.maxSessions ?? 10_000, sizeCalculation: () => 1 })
  }

  observe(scope: string, key: string, now: number, session = ''): void {
    const name = nameIn(scope, session)
    const known = this.#sessions.get(name)
    if (known && now - known.lastAt <= this.#sessionGapMs) {
      this.#count(this.#scopes.get(scope) ?? this.#begin(scope), known.lastKey, key)
    }
    if (known) Object.assign(known, { lastKey: key, lastAt: now })
    else this.#sessions.set(name, { lastKey: key, lastAt: now })
  }

  predict(scope: string, key: string): readonly Prediction[] {
    const followers = this.#scopes.get(scope)?.get(key)
    if (!followers) return []
    const { total, counts } = followers
    return [...counts]
      .map(([next, support]) => ({ key: next, support, confidence: support / total }))
      .sort((one, other) => other.support - one.support)
  }

  #begin(scope: string): LRUCache<string, Followers> {
    const byKey = new LRUCache<string, Followers>({ maxSize: this.#maxKeys, sizeCalculation: () => 1 })
    this.#scopes.set(scope, byKey)
    return byKey
  }

  #count(byKey: LRUCache<string, Followers>, key: string, next: string): void {
    let followers = byKey.get(key)
    if (!followers) {
      followers = { total: 0, counts: new Map() }
      byKey.set(key, followers)
    }
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

const CHECKS: Readonly<Record<keyof MarkovPredictorOptions, Check>> = {
  sessionGapMs: timer,
  maxScopes: count,
  maxSessions: count,
  maxKeys: count,
  maxFollowers: count,
}
