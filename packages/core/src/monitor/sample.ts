import type { HarborStats } from '../stats.ts'
import type { Histogram } from '../reporting/quantiles.ts'

/** The values measured at one moment. Counters only rise, so the difference between two samples is the number of events between them. */
export interface Sample {
  /** The time of the sample, in milliseconds of the option `clock`. */
  readonly at: number
  readonly process: ProcessSample
  readonly client: ClientSample
}

export interface ProcessSample {
  /** The delays of the event loop since the previous sample, in milliseconds: how late timers fired. */
  readonly delays: Histogram
  /** The time that the event loop was busy since the process began, in milliseconds. `idleMs` is the time that it was idle. */
  readonly activeMs: number
  readonly idleMs: number
  /** The CPU time that the process has used on all cores, in milliseconds. */
  readonly cpuMs: number
  readonly heapUsedBytes: number
  readonly heapLimitBytes: number
  readonly externalBytes: number
  readonly rssBytes: number
  /** The memory limit of the container, in bytes; undefined if none is set. */
  readonly rssLimitBytes: number | undefined
}

export type ClientSample = Pick<
  HarborStats,
  'attempts' | 'cache' | 'closed' | 'failures' | 'limits' | 'pool' | 'prefetch'
>
