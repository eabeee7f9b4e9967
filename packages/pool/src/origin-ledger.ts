import { RecentSamples, type Percentiles } from './recent-samples.ts'

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
  /** The share of the allowed connections that is in use now, from 0 to 1. */
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
  /** From writing a request to the first byte of its answer, over the last requests. */
  firstByteMs: Percentiles | undefined
  /** From the call to having a connection or one on its way, over the last requests. */
  queueMs: Percentiles | undefined
}

export type Gauges = Pick<OriginStats, 'open' | 'busy' | 'free' | 'connecting' | 'queued' | 'utilization'>

const AT_REST: Gauges = { open: 0, busy: 0, free: 0, connecting: 0, queued: 0, utilization: 0 }

/** The counters of one origin; they outlive its connections. */
export class OriginLedger {
  opened = 0
  closed = 0
  requests = 0
  reused = 0
  staleRetries = 0
  errors = 0
  readonly firstByteMs = new RecentSamples()
  readonly queueMs = new RecentSamples()
  /** Reads what changes by the moment; set while there are connections. */
  readGauges: (() => Gauges) | undefined

  stats(): OriginStats {
    const { opened, closed, requests, reused, staleRetries, errors } = this
    return {
      ...(this.readGauges?.() ?? AT_REST),
      opened,
      closed,
      requests,
      reusedRatio: requests === 0 ? 0 : reused / requests,
      staleRetries,
      errors,
      firstByteMs: this.firstByteMs.percentiles(),
      queueMs: this.queueMs.percentiles(),
    }
  }
}
