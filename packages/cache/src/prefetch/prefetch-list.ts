import type { Clock } from '../base/clock.ts'
import { aFlag, aSignal, count, validate, type Check } from '../base/validate.ts'
import type { EntryOptions, ScopeOptions } from '../call-options.ts'
import type { Load } from '../loads/values.ts'
import { MinuteLimit } from './minute-limit.ts'

/** An answer to load and cache before a caller requests it. */
export interface PrefetchJob<Value> extends ScopeOptions, EntryOptions {
  /** The key under which the answer is cached. */
  readonly key: string
  /** Loads the answer; not called if the key is already cached or loading. */
  readonly load: Load<Value>
}

/** How fast a list of jobs is loaded. */
export interface PrefetchListOptions {
  /** The maximum number of concurrent loads of this list, a whole number of at least 1. @default 4 */
  concurrency?: number | undefined
  /**
   * The maximum number of loads that start in any minute, a whole number of at least 1; further jobs wait. Jobs already cached do not count. @default
   * no limit
   */
  maxPerMinute?: number | undefined
  /** Whether to start a load only while no caller waits for one. Beware: if callers always wait for loads, the list never ends. @default false */
  onlyWhenIdle?: boolean | undefined
  /**
   * Aborts the list: jobs that have not started are skipped, and loads in flight are aborted unless a caller waits for them, too. The list still
   * resolves with its report. @default none
   */
  signal?: AbortSignal | undefined
}

/** The number of jobs of a list by outcome. The five numbers add up to the number of jobs. */
export interface PrefetchReport {
  /** Jobs that were loaded, and whose answer is now cached. */
  loaded: number
  /** Jobs that were already cached, or already loading. */
  present: number
  /** Jobs that were loaded but not cached, for example because `refuse()` was called or the answer was too large. */
  refused: number
  /** Jobs whose load failed, or whose options are invalid. */
  failed: number
  /** Jobs that had not started when the signal aborted or the cache was closed. */
  skipped: number
}

/** The cache into which `prefetchList` loads. */
export interface PrefetchTarget<Job> {
  /** The source of time for `maxPerMinute`, in milliseconds since 1970. */
  readonly clock: Clock
  /** Resolves when no caller waits for a load; rejects with the signal's reason if that aborts. Called only with `onlyWhenIdle`. */
  idle(signal?: AbortSignal): Promise<void>
  /**
   * Loads and caches the answer of one job, unless it is already cached, and returns the outcome that the report counts. A rejection counts as
   * failed.
   */
  prefetchOne(job: Job, signal?: AbortSignal): Promise<'loaded' | 'present' | 'refused' | 'skipped'>
}

/**
 * Loads and caches a list of jobs, as fast as `options` allow. `cache.prefetch` calls this function. Call it directly to load into a cache
 * of your own.
 *
 * @returns a report; if a job fails, it is counted there, and the list goes on
 * @throws TypeError for an unknown or invalid option
 */
export async function prefetchList<Job>(
  target: PrefetchTarget<Job>,
  jobs: Iterable<Job>,
  options: PrefetchListOptions = {},
): Promise<PrefetchReport> {
  validate(options, CHECKS)
  const { concurrency = 4, maxPerMinute = Infinity, onlyWhenIdle = false, signal } = options
  const report: PrefetchReport = { loaded: 0, present: 0, refused: 0, failed: 0, skipped: 0 }
  const limit = new MinuteLimit(maxPerMinute, target.clock)
  const remaining = jobs[Symbol.iterator]()

  async function doOne(job: Job): Promise<void> {
    try {
      if (onlyWhenIdle) await target.idle(signal)
      await limit.take(signal)
    } catch {
      report.skipped++
      return
    }
    try {
      const outcome = await target.prefetchOne(job, signal)
      report[outcome]++
      // No load was needed, so the start does not count.
      if (outcome === 'present') limit.refund()
    } catch {
      report.failed++
    }
  }
  async function worker(): Promise<void> {
    for (let next = remaining.next(); !next.done; next = remaining.next()) await doOne(next.value)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return report
}

const CHECKS: Readonly<Record<keyof PrefetchListOptions, Check>> = {
  concurrency: count,
  maxPerMinute: count,
  onlyWhenIdle: aFlag,
  signal: aSignal,
}
