import type { HarborStats } from '../stats.ts'
import type { Histogram } from '../reporting/quantiles.ts'

/** What one look finds. Counters only rise: what happened between two looks is their difference. */
export interface Sample {
  /** When it was, in milliseconds of the clock. */
  readonly at: number
  readonly process: ProcessSample
  readonly client: ClientSample
}

export interface ProcessSample {
  /** How late timers fired since the look before, in milliseconds. */
  readonly delays: Histogram
  /** How long the event loop was at work, and how long it had nothing to do, since the process began, in milliseconds. */
  readonly activeMs: number
  readonly idleMs: number
  /** CPU time that the process has used, on all cores, in milliseconds. */
  readonly cpuMs: number
  readonly heapUsedBytes: number
  readonly heapLimitBytes: number
  readonly externalBytes: number
  readonly rssBytes: number
  /** What a container allows the process; undefined where nobody says. */
  readonly rssLimitBytes: number | undefined
}

export type ClientSample = Pick<
  HarborStats,
  'attempts' | 'cache' | 'closed' | 'failures' | 'limits' | 'pool' | 'prefetch'
>
