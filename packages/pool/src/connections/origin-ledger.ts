import { RecentHistogram, type Percentiles } from './recent-histogram.ts'
import { UsageMeter } from './usage-meter.ts'

/** The statistics of one origin: its connections now, and counts since the pool was created. */
export interface OriginStats {
  /** The number of open connections now: always `busy + free`. */
  open: number
  /** The number of open connections that carry a request now. */
  busy: number
  /** The number of open connections that are idle now. */
  free: number
  /** The number of connections that are being opened now, each for a request. They are not in `open` yet. */
  connecting: number
  /** The number of requests that wait for a connection now, or for undici to be loaded. */
  queued: number
  /** The maximum number of connections now: the option `connections`, or the limit set by `autoscale`. */
  allowed: number
  /**
   * The fraction of `allowed` that was in use over the last minute, from 0 to 1. Connections that are being opened for a request count as
   * in use.
   */
  utilization: number
  /** The number of connections opened since the pool was created; `opened - closed` is `open`. */
  opened: number
  /** The number of connections closed since the pool was created, by either side. */
  closed: number
  /** The number of requests written to a connection since the pool was created. Redirects and stale retries count too. */
  requests: number
  /** The fraction of `requests` that were sent over a connection that was already open, from 0 to 1; 0 before the first. */
  reusedRatio: number
  /** The number of requests that were sent again because their keep-alive connection was dead: see `staleSocketRetry`. */
  staleRetries: number
  /**
   * The number of requests that failed because of the connection or a timeout since the pool was created. Error statuses of the server, requests that
   * never got a connection from the queue, and those aborted by their caller do not count.
   */
  errors: number
  /** The number of response bodies that the caller did not read for `bodyIdleTimeoutMs`. Each indicates a leak in the caller's code. */
  abandoned: number
  /**
   * Percentiles of the time from writing a request to the first byte of its response, in milliseconds, over the last 1,000 to 2,000 requests.
   * Undefined before the first response.
   */
  firstByteMs: Percentiles | undefined
  /**
   * Percentiles of the time that requests waited for a connection, in milliseconds, over the last 1,000 to 2,000 requests; about 0 if a connection
   * was free. The time to open the connection is not included. Undefined before the first request.
   */
  queueMs: Percentiles | undefined
}

/** The statistics of the current state. The other statistics are counters and summaries of the past. */
export type Gauges = Pick<OriginStats, 'open' | 'busy' | 'free' | 'connecting' | 'queued' | 'allowed'>

/** The counters of one origin. They are not reset when its connections are closed. */
export class OriginLedger {
  opened = 0
  closed = 0
  requests = 0
  reused = 0
  staleRetries = 0
  errors = 0
  abandoned = 0
  /** The number of requests that wait because undici is still loading. */
  waitingForUndici = 0
  readonly firstByteMs = new RecentHistogram()
  readonly queueMs = new RecentHistogram()
  readonly usage: UsageMeter
  /** Returns the current state; undefined if the origin has no connections. */
  readGauges: (() => Gauges) | undefined
  readonly #allowedAtFirst: number

  /** @param allowed the maximum number of connections at the start */
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
