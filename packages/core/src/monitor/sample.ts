import type { HarborStats } from '../stats.ts'
import type { Histogram } from '../reporting/quantiles.ts'

/** The values at one moment. Counters only rise, so the difference of two samples is the number of events between them. */
export interface Sample {
  /** When the sample was taken, in milliseconds of the clock. */
  readonly at: number
  readonly process: ProcessSample
  readonly client: ClientSample
}

export interface ProcessSample {
  /** How late timers fired since the previous sample, in milliseconds. */
  readonly delays: Histogram
  /** How long the event loop was busy, and how long it was idle, since the process began, in milliseconds. */
  readonly activeMs: number
  readonly idleMs: number
  /** CPU time that the process has used, on all cores, in milliseconds. */
  readonly cpuMs: number
  readonly heapUsedBytes: number
  readonly heapLimitBytes: number
  readonly externalBytes: number
  readonly rssBytes: number
  /** The container's memory limit; undefined without one. */
  readonly rssLimitBytes: number | undefined
}

export type ClientSample = Pick<
  HarborStats,
  'attempts' | 'cache' | 'closed' | 'failures' | 'limits' | 'pool' | 'prefetch'
>
