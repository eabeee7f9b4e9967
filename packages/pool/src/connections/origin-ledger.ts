import { RecentHistogram, type Percentiles } from './recent-histogram.ts'
import { UsageMeter } from './usage-meter.ts'

/** What a pool knows about one origin. */
export interface OriginStats {
  /** Connections open now: always `busy + free`. */
  open: number
  /** Open connections that carry a request now. */
  busy: number
  /** Open connections that wait for a request. */
  free: number
  /** Connections on their way, each for a request. */
  connecting: number
  /** Requests that wait for a connection now. */
  queued: number
  /** Connections that may be open now: `connections`, or what `autoscale` makes of it. */
  allowed: number
  /** The share of the allowed connections that was in use, or opened for a request, over the last minute, from 0 to 1. */
  utilization: number
  /** Connections opened so far; `opened - closed` is `open`. */
  opened: number
  closed: number
  /** Requests written to a connection so far, redirects and stale retries included. */
  requests: number
  /** The share of them that found a connection open, from 0 to 1. */
  reusedRatio: number
  /** Requests sent once more because their kept connection was dead. */
  staleRetries: number
  /** Requests that failed on the way; what the caller aborted is not among them. */
  errors: number
  /** Bodies of answers that nobody read for `bodyIdleTimeoutMs`: each is a leak in the caller's code. */
  abandoned: number
  /** From writing a request to the first byte of its answer, over the last 1,000 to 2,000 requests. */
  firstByteMs: Percentiles | undefined
  /** From the call to having a connection or one on its way, over the last 1,000 to 2,000 requests. */
  queueMs: Percentiles | undefined
}

export type Gauges = Pick<OriginStats, 'open' | 'busy' | 'free' | 'connecting' | 'queued' | 'allowed'>

/** The counters of one origin; they outlive its connections. */
export class OriginLedger {
  opened = 0
  closed = 0
  requests = 0
  reused = 0
  staleRetries = 0
  errors = 0
  abandoned = 0
  /** Requests that wait for undici to be loaded; there are no connections then. */
  held = 0
  readonly firstByteMs = new RecentHistogram()
  readonly queueMs = new RecentHistogram()
  readonly usage: UsageMeter
  /** Reads what changes by the moment; set while there are connections. */
  readGauges: (() => Gauges) | undefined
  readonly #allowedAtRest: number

  /** `allowed` is how many connections there may be at first. */
  constructor(allowed: number) {
    this.#allowedAtRest = allowed
    this.usage = new UsageMeter(allowed)
  }

  stats(): OriginStats {
    const { opened, closed, requests, reused, staleRetries, errors, abandoned } = this
    return {
      ...(this.readGauges?.() ?? this.#atRest()),
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

  #atRest(): Gauges {
    return { open: 0, busy: 0, free: 0, connecting: 0, queued: this.held, allowed: this.#allowedAtRest }
  }
}
