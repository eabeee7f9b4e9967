import { RecentHistogram, type Percentiles } from './recent-histogram.ts'
import { UsageMeter } from './usage-meter.ts'

/** The statistics of one origin. */
export interface OriginStats {
  /** Open connections now: always `busy + free`. */
  open: number
  /** Open connections that carry a request now. */
  busy: number
  /** Open connections that are idle now. */
  free: number
  /** Connections being opened now, each for a request. */
  connecting: number
  /** Requests that wait for a connection now. */
  queued: number
  /** The maximum number of connections now: `connections`, or the current limit of `autoscale`. */
  allowed: number
  /** The fraction of the allowed connections that was in use, or being opened for a request, over the last minute, from 0 to 1. */
  utilization: number
  /** Connections opened so far; `opened - closed` is `open`. */
  opened: number
  /** Connections closed so far. */
  closed: number
  /** Requests written to a connection so far, including redirects and stale retries. */
  requests: number
  /** The fraction of `requests` for which no connection had to be opened, from 0 to 1. */
  reusedRatio: number
  /** Requests sent again because their keep-alive connection was dead. */
  staleRetries: number
  /** Requests that failed in transport. Requests aborted by their caller do not count. */
  errors: number
  /** Response bodies that were not read for `bodyIdleTimeoutMs`: each is a leak in the caller's code. */
  abandoned: number
  /** Percentiles of the time from writing a request to the first byte of its response, over the last 1,000 to 2,000 requests. */
  firstByteMs: Percentiles | undefined
  /** Percentiles of the time that a request waited until it got a connection, open or being opened, over the last 1,000 to 2,000 requests. */
  queueMs: Percentiles | undefined
}

/** The statistics that describe the present, unlike counters. */
export type Gauges = Pick<OriginStats, 'open' | 'busy' | 'free' | 'connecting' | 'queued' | 'allowed'>

/** The counters of one origin. They remain when the connections to the origin are closed. */
export class OriginLedger {
  opened = 0
  closed = 0
  requests = 0
  reused = 0
  staleRetries = 0
  errors = 0
  abandoned = 0
  /** The number of requests that wait until undici is loaded, before there are connections. */
  waitingForUndici = 0
  readonly firstByteMs = new RecentHistogram()
  readonly queueMs = new RecentHistogram()
  readonly usage: UsageMeter
  /** Returns the current values; undefined if the origin has no connections. */
  readGauges: (() => Gauges) | undefined
  readonly #allowedAtFirst: number

  /** @param allowed the number of connections that may be open at first */
  constructor(allowed: number) {
    this.#allowedAtFirst = allowed
    this.usage = new UsageMeter(allowed)
  }

  stats(): OriginStats {
    const { opened, closed, requests, reused, staleRetries, errors, abandoned } = this
    return {
      ...(this.readGauges?.() ?? this.#gaugesWithoutConnections()),
      utilization: this.usage.share(),
      opened,
      closed,
      requests,
      reusedRatio: requests === 0 ? 0 : reused / requests,
      staleRetries,
      errors,
      abandoned,
      firstByteMs: this.firstByteMs.percentiles(),
      queueMs: this.queueMs.percentiles(),
    }
  }

  #gaugesWithoutConnections(): Gauges {
    return {
      open: 0,
      busy: 0,
      free: 0,
      connecting: 0,
      queued: this.waitingForUndici,
      allowed: this.#allowedAtFirst,
    }
  }
}
