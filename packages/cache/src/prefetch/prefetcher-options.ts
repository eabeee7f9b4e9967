import type { Clock } from '../base/clock.ts'
import {
  aClock,
  aFlag,
  aFraction,
  aFunction,
  count,
  expect,
  having,
  timer,
  validate,
  type Check,
} from '../base/validate.ts'
import type { Cache } from '../cache.ts'
import type { PrefetchJob } from './prefetch-list.ts'
import type { Predictor } from './predictor.ts'

/** Options of `createPrefetcher`. Only `cache` is required. */
export interface PrefetcherOptions<Value> {
  /** The cache into which answers are prefetched, made by `createCache`. */
  cache: Pick<Cache<Value>, 'has' | 'prefetch' | 'idle'>
  /** Predicts the next keys from earlier requests: a MarkovPredictor with other options, or your own. @default a `MarkovPredictor` */
  predictor?: Predictor | undefined
  /** The minimum support of a prediction, at least 1: how often the predicted key must have followed the current key to be prefetched. @default 3 */
  minSupport?: number | undefined
  /**
   * The minimum confidence of a prediction, from 0 to 1: of the requests that followed the current key, the fraction that were for the
   * predicted key. @default 0.5
   */
  minConfidence?: number | undefined
  /** The maximum number of prefetches that run, or wait to start, at the same time, at least 1. Further ones are skipped. @default 2 */
  maxInFlight?: number | undefined
  /** The maximum number of prefetches that start in any minute, at least 1. Further ones are skipped. @default 30 */
  maxPerMinute?: number | undefined
  /** Whether to start a prefetch only while no caller waits for a load. @default true */
  onlyWhenIdle?: boolean | undefined
  /**
   * The fraction of the last 100 predictions that must have come true, from 0 to 1; below it, prefetching pauses. Applies once 20 predictions have
   * come true or turned out wrong. @default 0.3
   */
  minPrecision?: number | undefined
  /** How soon the predicted key must be requested for a prediction to count as true, in milliseconds, from 1 to 2^31 - 1. @default 300_000 */
  usefulWithinMs?: number | undefined
  /**
   * Returns the job that loads a predicted key. Use it, for example, to load the key with the credential of the caller whose request led to the
   * prediction.
   * @param predicted the last observed request for the predicted key, without its session
   * @param after the request after which the key was predicted @default `predicted`
   */
  jobFor?: ((predicted: PrefetchJob<Value>, after: PrefetchJob<Value>) => PrefetchJob<Value>) | undefined
  /** The source of the current time. @default a monotonic clock */
  clock?: Clock | undefined
}

/** What a prefetcher has done since it was created. Every prediction is in `begun`, in `skipped`, or still waits. */
export interface PrefetcherStats {
  /** Predictions that reached `minSupport` and `minConfidence`, and whose key was not cached yet. */
  predicted: number
  /** Predictions for which a prefetch was started. */
  begun: number
  /** Predictions without a prefetch, by the reason: `budget`, `off` or `late`. */
  skipped: {
    /** Predictions that were skipped because `maxInFlight` or `maxPerMinute` was reached. */
    budget: number
    /** Predictions that were skipped because prefetching was paused: see `minPrecision`. */
    off: number
    /** Predictions that were skipped because, before the prefetch could start, a caller requested the key, or `usefulWithinMs` was over. */
    late: number
  }
  /** Prefetches that began and failed: their load rejected, or their options were invalid. */
  failed: number
  /** Prefetches that are running now, or waiting to start. */
  inFlight: number
  /** The fraction of the last 100 predictions that came true; undefined before 20 have come true or turned out wrong. */
  precision: number | undefined
  /** Whether prefetching is on. While it is paused (see `minPrecision`), predictions are still checked, but nothing is loaded. */
  on: boolean
}

/** Returns the statistics of a prefetcher that has not observed a request yet. */
export function noPrefetcherStats(): PrefetcherStats {
  return {
    predicted: 0,
    begun: 0,
    skipped: { budget: 0, off: 0, late: 0 },
    failed: 0,
    inFlight: 0,
    precision: undefined,
    on: true,
  }
}

/** Checks the options of a prefetcher. @throws TypeError for an unknown or invalid option */
export function checkPrefetcherOptions<Value>(options: PrefetcherOptions<Value>): void {
  validate(options, CHECKS)
  expect('cache', options.cache, CHECKS.cache)
}

const CHECKS: Readonly<Record<keyof PrefetcherOptions<never>, Check>> = {
  cache: /* @__PURE__ */ having('a cache', 'has', 'prefetch', 'idle'),
  predictor: /* @__PURE__ */ having('a predictor with observe and predict', 'observe', 'predict'),
  minSupport: count,
  minConfidence: aFraction,
  maxInFlight: count,
  maxPerMinute: count,
  onlyWhenIdle: aFlag,
  minPrecision: aFraction,
  usefulWithinMs: timer,
  jobFor: aFunction,
  clock: aClock,
}
