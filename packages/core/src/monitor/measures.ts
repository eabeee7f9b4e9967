import type { OriginStats } from '@harbor/pool'
import type { QuotaStats } from '../reporting/quota-stats.ts'
import type { Window } from './window.ts'

/** Returns the share of the window in which the event loop was busy, from 0 to 1. */
export function loopUtilization(window: Window): number {
  const activeMs = window.riseOf('activeMs')
  const wholeMs = activeMs + window.riseOf('idleMs')
  return wholeMs === 0 ? 0 : activeMs / wholeMs
}

/** Returns how fast the live heap grows, in bytes per millisecond; undefined before the window is full. */
export function heapGrowth(window: Window): number | undefined {
  const floors = window.heapFloors()
  // Between the middle of the first third and the middle of the last third lie two thirds of the window.
  return floors && (floors[2] - floors[0]) / ((2 / 3) * window.ms)
}

/** Returns the share of the requests in the window that used an existing connection, from 0 to 1. */
export function reusedRatio(window: Window, origins: readonly string[]): number {
  const rise = (read: (stats: OriginStats) => number): number =>
    sum(origins.map((origin) => window.rise(({ pool }) => (pool[origin] ? read(pool[origin]) : 0))))
  const requests = rise((stats) => stats.requests)
  return requests === 0 ? 0 : rise((stats) => stats.requests * stats.reusedRatio) / requests
}

/** Returns the number of calls that wait for the limits of a quota group. */
export function waitingFor(quota: QuotaStats | undefined): number {
  return quota === undefined ? 0 : quota.rate.waiting + (quota.concurrency?.waiting ?? 0)
}

/** Returns the number of calls in the window that used the cache: those that it answered, and those with a miss. */
export function cacheableCalls(window: Window): number {
  return answeredOf(window) + window.rise(({ cache }) => cache.misses)
}

/** Returns the share of the calls that the cache answered, among those that used it in the window, from 0 to 1. */
export function hitRatio(window: Window): number {
  const calls = cacheableCalls(window)
  return calls === 0 ? 0 : answeredOf(window) / calls
}

function answeredOf(window: Window): number {
  return window.rise(({ cache: { hits, stale, shared } }) => hits + stale + shared)
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length
}

/** The use of the connections to one origin over the window. */
export interface OriginUse {
  /** The average number of connections that were in use, or being opened for a request. */
  readonly meanInUse: number
  /** The maximum number of connections that were needed at once: those in use, plus one for each waiting request. */
  readonly maxWanted: number
  readonly maxInUse: number
  /** The minimum number of open connections in any sample. */
  readonly minOpen: number
  /** The share of the allowed connections that was in use, averaged over the window, from 0 to 1. */
  readonly utilization: number
  readonly meanWaiting: number
  readonly maxWaiting: number
  /** The share of samples in which a request was waiting, from 0 to 1. */
  readonly waitingRatio: number
  readonly requests: number
  readonly opened: number
  readonly closed: number
}

export function useOf(window: Window, origin: string): OriginUse {
  const samples = window.each(({ pool }) => pool[origin]).filter((stats) => stats !== undefined)
  const inUse = samples.map(({ busy, connecting }) => busy + connecting)
  const waiting = samples.map(({ queued }) => queued)
  const allowed = sum(samples.map((stats) => stats.allowed))
  const rise = (name: 'requests' | 'opened' | 'closed'): number =>
    window.rise(({ pool }) => pool[origin]?.[name])
  return {
    meanInUse: mean(inUse),
    maxWanted: Math.max(0, ...inUse.map((used, index) => used + (waiting[index] ?? 0))),
    maxInUse: Math.max(0, ...inUse),
    minOpen: samples.length === 0 ? 0 : Math.min(...samples.map(({ open }) => open)),
    utilization: allowed === 0 ? 0 : sum(inUse) / allowed,
    meanWaiting: mean(waiting),
    maxWaiting: Math.max(0, ...waiting),
    waitingRatio: mean(waiting.map((queued) => (queued > 0 ? 1 : 0))),
    requests: rise('requests'),
    opened: rise('opened'),
    closed: rise('closed'),
  }
}
