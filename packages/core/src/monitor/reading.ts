import type { OriginStats } from '@harbor/pool'
import type { QuotaStats } from '../reporting/quota-stats.ts'
import type { Quantiles } from '../reporting/quantiles.ts'
import type { Advice } from './advice.ts'
import { askedOf, heapGrowth, hitRatio, loopUtilization, reusedRatio, sum, waitingFor } from './measures.ts'
import { useOf } from './origin-use.ts'
import type { Window } from './window.ts'

/** What a process and its client look like: gauges as they are now, and what the window makes of them. */
export interface ResourceReading {
  /** When the last look was, in milliseconds of the clock. */
  readonly at: number
  /** How long the window is so far, in milliseconds. */
  readonly windowMs: number
  readonly eventLoop: {
    /** How late something due at any moment would have been, in milliseconds; undefined before the second look. */
    readonly delayMs: Quantiles | undefined
    /** The part of the window that it was at work, from 0 to 1. */
    readonly utilization: number
  }
  readonly cpu: {
    /** CPU time by time, of all threads: 1 is one core in full. */
    readonly utilization: number
  }
  readonly memory: MemoryReading
  /** Connections of all origins; undefined while there is none that can be seen. */
  readonly sockets: SocketReading | undefined
  /** Requests that wait for a connection; undefined while there is none that can be seen. */
  readonly queue: QueueReading | undefined
  /** The same of each origin. */
  readonly origins: Readonly<
    Record<string, { readonly sockets: SocketReading; readonly queue: QueueReading }>
  >
  /** How the limits of each quota group stand. */
  readonly limits: Readonly<Record<string, LimitReading>>
  readonly cache: {
    /** Answers in memory, and their bytes. */
    readonly entries: number
    readonly bytes: number
    /** Calls of the window that it could have answered, and the part of them that it did, from 0 to 1. */
    readonly asked: number
    readonly ratio: number
    /** Answers of the window that had to make room. */
    readonly evictions: number
  }
  /** What can be said by now, in no order; empty when all is well. */
  readonly advice: readonly Advice[]
}

export interface MemoryReading {
  readonly heapUsedBytes: number
  /** The most at any look of the window. */
  readonly heapPeakBytes: number
  /** What V8 allows: --max-old-space-size, about. */
  readonly heapLimitBytes: number
  /** What is left of the heap after collections grows by so much; undefined before the window is full. */
  readonly growthBytesPerMinute: number | undefined
  /** Memory of buffers, answers in the cache among them. */
  readonly externalBytes: number
  readonly rssBytes: number
  /** What the container allows; undefined where nobody says. */
  readonly rssLimitBytes: number | undefined
}

export interface SocketReading {
  readonly open: number
  readonly busy: number
  readonly free: number
  /** How many may be open. */
  readonly allowed: number
  /** The share of them that was in use, from 0 to 1. */
  readonly utilization: number
  /** Opened within the window, and the share of its requests that needed none, from 0 to 1. */
  readonly opened: number
  readonly reusedRatio: number
}

export interface QueueReading {
  readonly waiting: number
  /** The most at any look of the window. */
  readonly mostWaiting: number
  /** How long the last 1,000 to 2,000 requests waited, in milliseconds; of several origins, of the one with the longest wait. */
  readonly waitMs: OriginStats['queueMs']
}

export interface LimitReading {
  readonly inFlight: number
  readonly waiting: number
  /** Requests of the window that were refused by the provider as too many. */
  readonly rateLimited: number
  /** Nothing starts for so long, in milliseconds, because the provider asked for it. */
  readonly pausedForMs: number
  /** Requests that began, of those that `requestsPerMinute` allows in that time: from 0 to 1; undefined while no such limit is known. */
  readonly requestsUsed: number | undefined
  /** How many may be under way; undefined where nobody limits it. */
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
      asked: askedOf(window),
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
    mostWaiting: Math.max(0, ...waiting),
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
