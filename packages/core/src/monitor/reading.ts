import type { OriginStats } from '@harbor/pool'
import type { QuotaStats } from '../reporting/quota-stats.ts'
import type { Quantiles } from '../reporting/quantiles.ts'
import type { Advice } from './advice.ts'
import {
  cacheableCalls,
  heapGrowth,
  hitRatio,
  loopUtilization,
  reusedRatio,
  sum,
  useOf,
  waitingFor,
} from './measures.ts'
import type { Window } from './window.ts'

/** The state of a process and its client: current values, and values calculated over the window, which is the last `windowMs`. */
export interface ResourceReading {
  /** The time of the last sample, in milliseconds, as read from the option `clock`. */
  readonly at: number
  /** The length of the window so far, in milliseconds. It grows until it reaches the option `windowMs`. */
  readonly windowMs: number
  /** How busy the event loop of the process was in the window. */
  readonly eventLoop: {
    /**
     * The delay of the event loop in the window, in milliseconds: how much later than scheduled a timer fires, because the event loop is
     * busy. Undefined before the second sample.
     */
    readonly delayMs: Quantiles | undefined
    /** The share of the window in which the event loop was busy, from 0 to 1. */
    readonly utilization: number
  }
  /** The use of the processor by the whole process in the window, all threads together. */
  readonly cpu: {
    /** The CPU time of all threads in the window, divided by the elapsed time. 1 means that one core was fully used. */
    readonly utilization: number
  }
  /** The memory of the process now, and the limits that apply. */
  readonly memory: MemoryReading
  /**
   * The connections to all origins; undefined if there are none, or if the client has the option `fetch`, whose connections Harbor cannot
   * see.
   */
  readonly sockets: SocketReading | undefined
  /** The requests that wait for a connection; undefined if `sockets` is undefined. */
  readonly queue: QueueReading | undefined
  /** The connections and waiting requests of each origin. */
  readonly origins: Readonly<
    Record<
      string,
      {
        /** The connections to the origin. */
        readonly sockets: SocketReading
        /** The requests that wait for a connection to the origin. */
        readonly queue: QueueReading
      }
    >
  >
  /** The state of the limits of each quota group, by its name; empty without limits. A quota group is a set of targets that share rate limits. */
  readonly limits: Readonly<Record<string, LimitReading>>
  /** The state of the cache; all 0 without one. */
  readonly cache: {
    /** The number of cached answers in memory at the last sample. */
    readonly entries: number
    /** The size of the cached answers in memory at the last sample, in bytes. */
    readonly bytes: number
    /** The number of calls in the window that used the cache, whether it answered them or not. */
    readonly cacheable: number
    /** The share of the `cacheable` calls that the cache answered, from 0 to 1; 0 without such calls. */
    readonly ratio: number
    /** The number of answers evicted within the window. */
    readonly evictions: number
  }
  /** The advice that is currently given, in no particular order. */
  readonly advice: readonly Advice[]
}

/** The memory of the process, in bytes. */
export interface MemoryReading {
  /** The part of V8's heap that is in use at the last sample, in bytes, garbage included. */
  readonly heapUsedBytes: number
  /** The largest used part of the heap in any sample of the window, in bytes. */
  readonly heapPeakBytes: number
  /** The heap limit of V8, in bytes: about `--max-old-space-size`. */
  readonly heapLimitBytes: number
  /** How fast the live heap grows, in bytes per minute; undefined before the window is full. */
  readonly growthBytesPerMinute: number | undefined
  /** The memory of buffers outside the heap at the last sample, in bytes. It includes cached answers. */
  readonly externalBytes: number
  /** The resident memory of the process at the last sample, in bytes. */
  readonly rssBytes: number
  /** The memory limit of the container, in bytes; undefined if none is set. */
  readonly rssLimitBytes: number | undefined
}

/** Connections to one origin, or to all of them together: their number at the last sample, and how they were used within the window. */
export interface SocketReading {
  /** The number of open connections at the last sample: `busy` plus `free`. */
  readonly open: number
  /** The number of open connections that carry a request at the last sample. */
  readonly busy: number
  /** The number of open connections that are idle at the last sample. */
  readonly free: number
  /** The maximum number of connections that may be open, at the last sample. */
  readonly allowed: number
  /** The share of the allowed connections that was in use, on average over the window, from 0 to 1. */
  readonly utilization: number
  /** The number of connections opened within the window of the reading (`windowMs`). */
  readonly opened: number
  /** The share of the requests in the window that used an existing connection, from 0 to 1. */
  readonly reusedRatio: number
}

/** The requests that wait for a connection. */
export interface QueueReading {
  /** The number of waiting requests at the last sample. */
  readonly waiting: number
  /** The maximum number of waiting requests in any sample of the window. */
  readonly maxWaiting: number
  /**
   * How long requests waited for a connection, in milliseconds, from the last 1,000 to 2,000 requests; undefined before the first. If there are
   * several origins, the values are those of the origin with the longest waits.
   */
  readonly waitMs: OriginStats['queueMs']
}

/** The state of the limits of one quota group, which is a set of targets that share rate limits. */
export interface LimitReading {
  /** The number of requests in flight at the last sample. */
  readonly inFlight: number
  /** The number of calls that wait for the limits at the last sample. */
  readonly waiting: number
  /** The number of requests in the window that the provider answered with 429. */
  readonly rateLimited: number
  /**
   * How much longer no request of the group is sent, because the provider requested a pause: in milliseconds, at the last sample. 0 without a pause.
   */
  readonly pausedForMs: number
  /** The used share of the limit on requests in the window, from 0 to 1; undefined if no limit on requests is known. */
  readonly requestsUsed: number | undefined
  /** The maximum number of requests in flight at the last sample; undefined without a limit. */
  readonly concurrency: number | undefined
}

export function readingOf(window: Window, advice: readonly Advice[]): ResourceReading {
  const { at, process, client } = window.last
  const { heapUsedBytes, heapLimitBytes, externalBytes, rssBytes, rssLimitBytes } = process
  const growth = heapGrowth(window)
  const origins = Object.keys(client.pool)
  const { entries, bytes } = client.cache
  return {
    at,
    windowMs: window.ms,
    eventLoop: { delayMs: window.delays().read(), utilization: loopUtilization(window) },
    cpu: { utilization: window.ms === 0 ? 0 : window.riseOf('cpuMs') / window.ms },
    memory: {
      heapUsedBytes,
      heapPeakBytes: Math.max(...window.eachOf('heapUsedBytes')),
      heapLimitBytes,
      growthBytesPerMinute: growth === undefined ? undefined : growth * 60_000,
      externalBytes,
      rssBytes,
      rssLimitBytes,
    },
    sockets: origins.length === 0 ? undefined : socketsOf(window, origins),
    queue: origins.length === 0 ? undefined : queueOf(window, origins),
    origins: Object.fromEntries(
      origins.map((origin) => [
        origin,
        { sockets: socketsOf(window, [origin]), queue: queueOf(window, [origin]) },
      ]),
    ),
    limits: Object.fromEntries(
      Object.entries(client.limits).map(([group, quota]) => [group, limitOf(window, group, quota)]),
    ),
    cache: {
      entries,
      bytes,
      cacheable: cacheableCalls(window),
      ratio: hitRatio(window),
      evictions: window.rise(({ cache }) => cache.evictions),
    },
    advice,
  }
}

function socketsOf(window: Window, origins: readonly string[]): SocketReading {
  const now = origins.map((origin) => window.last.client.pool[origin]).filter((stats) => stats !== undefined)
  const total = (name: 'open' | 'busy' | 'free' | 'allowed'): number => sum(now.map((stats) => stats[name]))
  const uses = origins.map((origin) => useOf(window, origin))
  const allowed = total('allowed')
  const inUse = sum(uses.map(({ utilization }, index) => utilization * (now[index]?.allowed ?? 0)))
  return {
    open: total('open'),
    busy: total('busy'),
    free: total('free'),
    allowed,
    utilization: allowed === 0 ? 0 : Math.min(1, inUse / allowed),
    opened: sum(uses.map(({ opened }) => opened)),
    reusedRatio: reusedRatio(window, origins),
  }
}

function queueOf(window: Window, origins: readonly string[]): QueueReading {
  const waiting = window.each(({ pool }) => sum(origins.map((origin) => pool[origin]?.queued ?? 0)))
  const waits = origins.map((origin) => window.last.client.pool[origin]?.queueMs)
  return {
    waiting: waiting.at(-1) ?? 0,
    maxWaiting: Math.max(0, ...waiting),
    waitMs: waits.toSorted((one, other) => (other?.p95 ?? 0) - (one?.p95 ?? 0))[0],
  }
}

function limitOf(window: Window, group: string, quota: QuotaStats): LimitReading {
  const { rate, concurrency } = quota
  const { requests } = rate.limits
  const granted = window.rise(({ limits }) => limits[group]?.rate.granted)
  return {
    inFlight: rate.inFlight,
    waiting: waitingFor(quota),
    rateLimited: window.rise(({ limits }) => limits[group]?.rate.rateLimited),
    pausedForMs: rate.pausedForMs,
    requestsUsed:
      requests && Math.min(1, (granted * requests.windowMs) / (requests.limit * Math.max(1, window.ms))),
    concurrency: concurrency?.limit,
  }
}
