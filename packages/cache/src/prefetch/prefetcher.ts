import { LRUCache } from 'lru-cache'
import type { Cache } from '../cache.ts'
import { checkSet } from '../call-options.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import { nameIn } from '../keys/names.ts'
import {
  aClock,
  aFlag,
  aFunction,
  aName,
  aPart,
  aText,
  count,
  expect,
  having,
  timer,
  validate,
  type Check,
} from '../base/validate.ts'
import { warn } from '../base/warn.ts'
import { MarkovPredictor } from './markov-predictor.ts'
import { Pace } from './minute-limit.ts'
import { Precision } from './precision.ts'
import type { PrefetchJob } from './prefetch-list.ts'
import type { Prediction, Predictor } from './predictor.ts'

export interface PrefetcherOptions<Value> {
  /** Where things are loaded into. */
  cache: Pick<Cache<Value>, 'has' | 'prefetch' | 'idle'>
  /** @default a `MarkovPredictor` */
  predictor?: Predictor | undefined
  /** Only what came next at least so often. @default 3 */
  minSupport?: number | undefined
  /** Only what came next in at least this part of all cases. @default 0.5 */
  minConfidence?: number | undefined
  /** So many loads at once. @default 2 */
  maxInFlight?: number | undefined
  /** So many loads in any minute. @default 30 */
  maxPerMinute?: number | undefined
  /** Begin a load only when no caller waits for one. @default true */
  onlyWhenIdle?: boolean | undefined
  /** If less than this part of the last 100 predictions came true, nothing is loaded until they do again. Judged from the 20th on. @default 0.3 */
  minPrecision?: number | undefined
  /** A prediction came true if its key was asked for within this time. @default 300_000 */
  usefulWithinMs?: number | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
}

/** What a caller has asked for, and how it is loaded. */
export interface Observation<Value> extends PrefetchJob<Value> {
  /** Whose requests follow each other, where many share a scope: a user, a conversation. @default the scope is one session */
  readonly session?: string | undefined
}

/** Loads what is likely to be asked for next. */
export interface Prefetcher<Value> {
  /**
   * A caller has asked for this. Call it for every request, hit or miss: it learns, and loads ahead what it has learnt to follow,
   * by the `load` that was given with that key before.
   */
  observe(asked: Observation<Value>): void
  stats(): PrefetcherStats
  /** Nothing is begun any more, and what is under way is given up. */
  close(): void
}

export interface PrefetcherStats {
  /** Predictions that met the thresholds, of things that were not there. */
  predicted: number
  /** Those that were begun. */
  begun: number
  /** Those that were not: no budget was left, it is off, or somebody asked before callers left it room. */
  skipped: { budget: number; off: number; late: number }
  failed: number
  inFlight: number
  /** The part of the last 100 predictions that came true; undefined before the 20th. */
  precision: number | undefined
  /** Whether it loads anything, or only watches how good its predictions are. */
  on: boolean
}

/**
 * Makes a prefetcher. It spends money on guesses, so it is careful: a prediction needs support and confidence, there are at most
 * so many loads at once and a minute, callers go first, and when too few predictions come true it stops loading by itself, goes on
 * predicting, and begins again when they do.
 *
 * @throws TypeError for an option that does not exist or makes no sense
 */
export function createPrefetcher<Value>(options: PrefetcherOptions<Value>): Prefetcher<Value> {
  validate(options, CHECKS)
  expect('cache', options.cache, CHECKS.cache)
  return new LearningPrefetcher(options)
}

class LearningPrefetcher<Value> implements Prefetcher<Value> {
  readonly #options: PrefetcherOptions<Value>
  readonly #clock: Clock
  readonly #predictor: Predictor
  readonly #precision: Precision
  readonly #pace: Pace
  /** How a key that was asked for is loaded. */
  readonly #jobs = new LRUCache<string, PrefetchJob<Value>>({ max: MOST_JOBS })
  readonly #closing = new AbortController()
  readonly #counts = { predicted: 0, begun: 0, failed: 0, inFlight: 0 }
  readonly #skipped = { budget: 0, off: 0, late: 0 }

  constructor(options: PrefetcherOptions<Value>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#predictor = options.predictor ?? new MarkovPredictor()
    this.#precision = new Precision(options.usefulWithinMs ?? 300_000)
    this.#pace = new Pace(options.maxPerMinute ?? 30, this.#clock)
  }

  observe({ session, ...job }: Observation<Value>): void {
    const { key, load, ...entry } = job
    checkSet(entry)
    expect('key', key, aText)
    expect('load', load, aFunction)
    if (session !== undefined) expect('session', session, aName)
    if (this.#closing.signal.aborted) return
    const scope = job.scope ?? ''
    const name = nameIn(job.scope, key)
    const now = this.#clock.now()
    this.#jobs.set(name, job)
    this.#precision.expire(now)
    this.#precision.asked(name)
    try {
      this.#predictor.observe(scope, key, now, session)
      for (const prediction of this.#predictor.predict(scope, key)) this.#consider(prediction, job)
    } catch (error) {
      // A predictor of somebody's own must not fail the call that it watches.
      warn(error)
    }
  }

  stats(): PrefetcherStats {
    this.#precision.expire(this.#clock.now())
    const { ratio: precision } = this.#precision
    return {
      ...this.#counts,
      skipped: { ...this.#skipped },
      precision,
      on: this.#on,
    }
  }

  close(): void {
    this.#closing.abort(new DOMException('the prefetcher was closed', 'AbortError'))
  }

  get #on(): boolean {
    return (this.#precision.ratio ?? 1) >= (this.#options.minPrecision ?? 0.3)
  }

  #consider({ key, support, confidence }: Prediction, after: PrefetchJob<Value>): void {
    const { minSupport = 3, minConfidence = 0.5, cache } = this.#options
    if (key === after.key || support < minSupport || confidence < minConfidence) return
    const name = nameIn(after.scope, key)
    const job = this.#jobs.get(name)
    // What is there already costs nothing and proves nothing.
    if (!job || this.#precision.isOpen(name) || cache.has(key, { scope: after.scope })) return
    this.#counts.predicted++
    this.#precision.predicted(name, this.#clock.now())
    if (!this.#on) this.#skipped.off++
    else if (this.#counts.inFlight >= (this.#options.maxInFlight ?? 2)) this.#skipped.budget++
    else void this.#run(name, job)
  }

  async #run(name: string, job: PrefetchJob<Value>): Promise<void> {
    const { cache, onlyWhenIdle = true } = this.#options
    const { signal } = this.#closing
    this.#counts.inFlight++
    try {
      if (onlyWhenIdle) await cache.idle(signal)
      if (!this.#precision.isOpen(name)) this.#skipped.late++
      else if (!this.#pace.tryTurn()) this.#skipped.budget++
      else {
        this.#counts.begun++
        const { failed } = await cache.prefetch([job], { signal })
        this.#counts.failed += failed
      }
    } catch {
      // Only closing ends the wait for idleness.
    } finally {
      this.#counts.inFlight--
    }
  }
}

const MOST_JOBS = 1_000

const CHECKS: Readonly<Record<keyof PrefetcherOptions<never>, Check>> = {
  cache: /* @__PURE__ */ having('a cache', 'has', 'prefetch', 'idle'),
  predictor: /* @__PURE__ */ having('a predictor with observe and predict', 'observe', 'predict'),
  minSupport: count,
  minConfidence: aPart,
  maxInFlight: count,
  maxPerMinute: count,
  onlyWhenIdle: aFlag,
  minPrecision: aPart,
  usefulWithinMs: timer,
  clock: aClock,
}
