import { LRUCache } from 'lru-cache'
import { systemClock, type Clock } from '../base/clock.ts'
import { aFunction, aName, aText, expect } from '../base/validate.ts'
import { warn } from '../base/warn.ts'
import { checkSet } from '../call-options.ts'
import { nameIn } from '../keys/named-key.ts'
import { MarkovPredictor } from './markov-predictor.ts'
import { MinuteLimit } from './minute-limit.ts'
import { Precision } from './precision.ts'
import type { PrefetchJob } from './prefetch-list.ts'
import type { Prediction, Predictor } from './predictor.ts'
import { checkPrefetcherOptions, type PrefetcherOptions, type PrefetcherStats } from './prefetcher-options.ts'

/** A request that a caller has made, for a prefetcher to learn from, and how to load its answer if it is predicted later. */
export interface Observation<Value> extends PrefetchJob<Value> {
  /**
   * The name of a sequence of requests, such as a user or a conversation. Set it if several users share a scope, so that their requests are
   * not mixed into one sequence.
   * @default the whole scope is one session
   */
  readonly session?: string | undefined
}

/** Prefetches the answers that callers are likely to request next. Created by `createPrefetcher`. */
export interface Prefetcher<Value> {
  /**
   * Learns from a request, and prefetches the keys that are likely to follow. A predicted key is loaded with the `load` function of the last request
   * for it. Only the last 1,000 keys can be prefetched. Call this for every request, whether it is a hit or a miss. Returns at once.
   *
   * @throws TypeError for an invalid key, function or option
   */
  observe(request: Observation<Value>): void
  /** Returns the counters since the prefetcher was created, and whether prefetching is on now. */
  stats(): PrefetcherStats
  /** Stops prefetching for good, and aborts prefetches in flight; later calls of `observe` do nothing. */
  close(): void
}

/**
 * Creates a prefetcher. Wrong predictions cost money, so prefetching is limited. A key is prefetched only if it has often followed the key that was
 * just requested. The number of concurrent loads, and of loads per minute, has a maximum. By default, a prefetch starts only while no caller waits
 * for a load. If too few predictions come true, prefetching pauses. Predictions are still checked then, and it resumes when enough of them come true
 * again.
 *
 * @throws TypeError for an unknown or invalid option
 */
export function createPrefetcher<Value>(options: PrefetcherOptions<Value>): Prefetcher<Value> {
  checkPrefetcherOptions(options)
  return new LearningPrefetcher(options)
}

class LearningPrefetcher<Value> implements Prefetcher<Value> {
  readonly #options: PrefetcherOptions<Value>
  readonly #clock: Clock
  readonly #predictor: Predictor
  readonly #precision: Precision
  readonly #limit: MinuteLimit
  /** The last observed request for each key. If the key is predicted, its `load` function is used. */
  readonly #jobs = new LRUCache<string, PrefetchJob<Value>>({ max: MAX_JOBS })
  readonly #closing = new AbortController()
  readonly #counts = { predicted: 0, begun: 0, failed: 0, inFlight: 0 }
  readonly #skipped = { budget: 0, off: 0, late: 0 }

  constructor(options: PrefetcherOptions<Value>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#predictor = options.predictor ?? new MarkovPredictor()
    this.#precision = new Precision(options.usefulWithinMs ?? 300_000)
    this.#limit = new MinuteLimit(options.maxPerMinute ?? 30, this.#clock)
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
    this.#precision.requested(name)
    try {
      this.#predictor.observe(scope, key, now, session)
      for (const prediction of this.#predictor.predict(scope, key)) this.#consider(prediction, job)
    } catch (error) {
      // An error of a custom predictor must not fail the call that it observes.
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
    // A cached key needs no load, and whether it is requested says nothing about the value of prefetching.
    if (!job || this.#precision.isOpen(name) || cache.has(key, { scope: after.scope })) return
    this.#counts.predicted++
    this.#precision.predicted(name, this.#clock.now())
    if (!this.#on) this.#skipped.off++
    else if (this.#counts.inFlight >= (this.#options.maxInFlight ?? 2)) this.#skipped.budget++
    else void this.#run(name, this.#options.jobFor?.(job, after) ?? job)
  }

  async #run(name: string, job: PrefetchJob<Value>): Promise<void> {
    const { cache, onlyWhenIdle = true } = this.#options
    const { signal } = this.#closing
    this.#counts.inFlight++
    try {
      if (onlyWhenIdle) await cache.idle(signal)
      if (!this.#precision.isOpen(name)) this.#skipped.late++
      else if (!this.#limit.tryTake()) this.#skipped.budget++
      else {
        this.#counts.begun++
        const { failed } = await cache.prefetch([job], { signal })
        this.#counts.failed += failed
      }
    } catch {
      // The prefetcher was closed while it waited.
    } finally {
      this.#counts.inFlight--
    }
  }
}

const MAX_JOBS = 1_000
