import { LRUCache } from 'lru-cache'
import { count, timer, validate, type Check } from '../base/validate.ts'
import { nameIn } from '../keys/named-key.ts'
import type { Prediction, Predictor } from './predictor.ts'

/** Options of a MarkovPredictor: what counts as one sequence of requests, and how much it remembers. */
export interface MarkovPredictorOptions {
  /**
   * The maximum pause between two requests of a session, in milliseconds, from 1 to 2^31 - 1. After a longer pause, the next request does not count
   * as following the last one. @default 1_800_000 (30 minutes)
   */
  sessionGapMs?: number | undefined
  /** The maximum number of scopes in memory, at least 1; the least recently used scope is dropped first. @default 1_000 */
  maxScopes?: number | undefined
  /** The maximum number of keys in memory per scope, at least 1; the least recently used key is dropped first. @default 1_000 */
  maxKeys?: number | undefined
  /** The maximum number of followers per key, which are the keys requested next, at least 1; the rarest follower is dropped first. @default 16 */
  maxFollowers?: number | undefined
}

/** How often other keys followed a key: in total, and each of them. */
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
 * Predicts the next key from the last one, with a first-order Markov chain for each scope. Counts which key follows which in each session,
 * and makes the same predictions for all sessions of a scope. Does not interpret keys, and does not learn across scopes.
 *
 * @throws TypeError for an unknown or invalid option
 */
export class MarkovPredictor implements Predictor {
  /** For each scope and key: the keys that followed this key, with counts. */
  readonly #scopes: LRUCache<string, LRUCache<string, Followers>>
  readonly #sessions: LRUCache<string, Session>
  readonly #sessionGapMs: number
  readonly #maxKeys: number
  readonly #maxFollowers: number

  /**
   * @param options what counts as one session, and how much is remembered
   * @throws TypeError for an unknown or invalid option
   */
  constructor(options: MarkovPredictorOptions = {}) {
    validate(options, CHECKS)
    this.#sessionGapMs = options.sessionGapMs ?? 1_800_000
    this.#maxKeys = options.maxKeys ?? 1_000
    this.#maxFollowers = options.maxFollowers ?? 16
    this.#scopes = growing(options.maxScopes ?? 1_000)
    this.#sessions = growing(MAX_SESSIONS)
  }

  /**
   * Learns from a request: counts that its key followed the last key of the same scope and session, unless that was requested more than
   * `sessionGapMs` ago.
   *
   * @param now the time of the request, in milliseconds since 1970
   * @param session a sequence of requests within the scope. @default the whole scope is one session
   */
  observe(scope: string, key: string, now: number, session = ''): void {
    const name = nameIn(scope, session)
    const known = this.#sessions.get(name)
    if (known && now - known.lastAt <= this.#sessionGapMs) {
      this.#countFollower(scope, known.lastKey, key)
    }
    this.#sessions.set(name, { lastKey: key, lastAt: now })
  }

  /** Returns the keys that followed `key` in this scope, the most frequent first; an empty list if none did. */
  predict(scope: string, key: string): readonly Prediction[] {
    const followers = this.#scopes.get(scope)?.get(key)
    if (!followers) return []
    const { total, counts } = followers
    return [...counts]
      .map(([next, support]) => ({ key: next, support, confidence: support / total }))
      .sort((one, other) => other.support - one.support)
  }

  #countFollower(scope: string, key: string, next: string): void {
    let byKey = this.#scopes.get(scope)
    if (!byKey) this.#scopes.set(scope, (byKey = growing(this.#maxKeys)))
    let followers = byKey.get(key)
    if (!followers) byKey.set(key, (followers = { total: 0, counts: new Map<string, number>() }))
    const { counts } = followers
    followers.total++
    const seen = counts.get(next)
    if (seen === undefined && counts.size >= this.#maxFollowers) this.#dropRarest(followers)
    counts.set(next, (seen ?? 0) + 1)
  }

  #dropRarest(followers: Followers): void {
    const [rarest] = [...followers.counts].sort(([, one], [, other]) => one - other)
    if (!rarest) return
    const [key, support] = rarest
    followers.counts.delete(key)
    followers.total -= support
  }
}

/**
 * Creates an LRU map that grows with its entries, because most applications have few scopes and keys. With the option `max`, lru-cache
 * would allocate memory for all entries in advance.
 */
function growing<Value extends object>(maxSize: number): LRUCache<string, Value> {
  return new LRUCache({ maxSize, sizeCalculation: () => 1 })
}

/** The maximum number of sessions in memory, over all scopes. The least recently used session is dropped first. */
const MAX_SESSIONS = 10_000

const CHECKS: Readonly<Record<keyof MarkovPredictorOptions, Check>> = {
  sessionGapMs: timer,
  maxScopes: count,
  maxKeys: count,
  maxFollowers: count,
}
