import { LRUCache } from 'lru-cache'
import { count, timer, validate } from '../validate.ts'
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

interface History {
  lastKey: string | undefined
  lastAt: number
  readonly followers: LRUCache<string, Followers>
}

/**
 * A first-order Markov chain for each scope: what followed a key before may follow it again. It knows nothing of what keys mean,
 * and one scope's history says nothing about another's.
 *
 * @throws TypeError for an option that does not exist or makes no sense
 */
export class MarkovPredictor implements Predictor {
  readonly #scopes: LRUCache<string, History>
  readonly #sessionGapMs: number
  readonly #maxKeys: number
  readonly #maxFollowers: number

  constructor(options: MarkovPredictorOptions = {}) {
    validate(options, { sessionGapMs: timer, maxScopes: count, maxKeys: count, maxFollowers: count })
    this.#sessionGapMs = options.sessionGapMs ?? 1_800_000
    this.#maxKeys = options.maxKeys ?? 1_000
    this.#maxFollowers = options.maxFollowers ?? 16
    this.#scopes = new LRUCache({ max: options.maxScopes ?? 1_000 })
  }

  observe(scope: string, key: string, now: number): void {
    const history = this.#scopes.get(scope) ?? this.#begin(scope)
    const { lastKey } = history
    if (lastKey !== undefined && now - history.lastAt <= this.#sessionGapMs) {
      this.#count(history.followers, lastKey, key)
    }
    history.lastKey = key
    history.lastAt = now
  }

  predict(scope: string, key: string): readonly Prediction[] {
    const followers = this.#scopes.get(scope)?.followers.get(key)
    if (!followers) return []
    const { total, counts } = followers
    return [...counts]
      .map(([next, support]) => ({ key: next, support, confidence: support / total }))
      .sort((one, other) => other.support - one.support)
  }

  #begin(scope: string): History {
    // Room for keys is made as they come: most scopes have few.
    const followers = new LRUCache<string, Followers>({
      maxSize: this.#maxKeys,
      sizeCalculation: () => 1,
    })
    const history = { lastKey: undefined, lastAt: 0, followers }
    this.#scopes.set(scope, history)
    return history
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
