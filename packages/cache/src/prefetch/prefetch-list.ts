import type { EntryOptions, ScopeOptions } from '../call-options.ts'
import type { Clock } from '../base/clock.ts'
import type { Load } from '../loads/values.ts'
import { aFlag, aSignal, count, validate, type Check } from '../base/validate.ts'
import { Pace } from './minute-limit.ts'

/** Something worth loading before anybody asks for it. */
export interface PrefetchJob<Value> extends ScopeOptions, EntryOptions {
  readonly key: string
  readonly load: Load<Value>
}

export interface PrefetchListOptions {
  /** So many loads at once. @default 4 */
  concurrency?: number | undefined
  /** So many loads a minute; then the list waits. @default no limit */
  maxPerMinute?: number | undefined
  /** Begin a load only when no caller waits for one. Trap: under steady traffic the list never ends. @default false */
  onlyWhenIdle?: boolean | undefined
  /** Its abort ends the list: what has not begun is skipped, what is under way is given up. */
  signal?: AbortSignal | undefined
}

/** What became of a list of jobs. */
export interface PrefetchReport {
  /** Loaded, and kept. */
  loaded: number
  /** There already, or being loaded for somebody. */
  present: number
  /** Loaded, and not kept. */
  refused: number
  failed: number
  /** Not begun before the list was aborted, or the cache closed. */
  skipped: number
}

/** What a list needs to know of where things are loaded into. */
export interface PrefetchTarget<Job> {
  readonly clock: Clock
  idle(signal?: AbortSignal): Promise<void>
  /** Loads one thing ahead, unless it is there. */
  prefetchOne(job: Job, signal?: AbortSignal): Promise<'loaded' | 'present' | 'refused' | 'skipped'>
}

/**
 * Goes through a list of things to be loaded ahead, at the pace that `options` ask for. `cache.prefetch` is this over a cache;
 * by itself it is for whoever loads in another way.
 *
 * @returns what became of them; a job that fails is counted, and ends nothing
 * @throws TypeError for an option that does not exist or makes no sense
 */
export async function prefetchList<Job>(
  target: PrefetchTarget<Job>,
  jobs: Iterable<Job>,
  options: PrefetchListOptions = {},
): Promise<PrefetchReport> {
  validate(options, CHECKS)
  const { concurrency = 4, maxPerMinute = Infinity, onlyWhenIdle = false, signal } = options
  const report: PrefetchReport = { loaded: 0, present: 0, refused: 0, failed: 0, skipped: 0 }
  const pace = new Pace(maxPerMinute, target.clock)
  const left = jobs[Symbol.iterator]()

  async function doOne(job: Job): Promise<void> {
    try {
      if (onlyWhenIdle) await target.idle(signal)
      await pace.turn(signal)
    } catch {
      report.skipped++
      return
    }
    try {
      const became = await target.prefetchOne(job, signal)
      report[became]++
      // What was there has cost nothing.
      if (became === 'present') pace.giveBack()
    } catch {
      report.failed++
    }
  }
  async function worker(): Promise<void> {
    for (let next = left.next(); !next.done; next = left.next()) await doOne(next.value)
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
