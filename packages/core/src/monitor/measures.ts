import type { OriginStats } from '@harbor/pool'
import type { QuotaStats } from '../reporting/quota-stats.ts'
import type { Window } from './window.ts'

/** The part of the window in which the event loop was at work, from 0 to 1. */
export function loopUtilization(window: Window): number {
  const activeMs = window.riseOf('activeMs')
  const wholeMs = activeMs + window.riseOf('idleMs')
  return wholeMs === 0 ? 0 : activeMs / wholeMs
}

/** What is left of the heap after collections grows by so many bytes a millisecond; undefined before the window is full. */
export function heapGrowth(window: Window): number | undefined {
  const floors = window.heapFloors()
  // From the middle of the first third to the middle of the last are two thirds.
  return floors && (floors[2] - floors[0]) / ((2 / 3) * window.ms)
}

/** What was reused, of the requests of the window, from 0 to 1. */
export function reusedRatio(window: Window, origins: readonly string[]): number {
  const rise = (read: (stats: OriginStats) => number): number =>
    sum(origins.map((origin) => window.rise(({ pool }) => (pool[origin] ? read(pool[origin]) : 0))))
  const requests = rise((stats) => stats.requests)
  return requests === 0 ? 0 : rise((stats) => stats.requests * stats.reusedRatio) / requests
}

/** Calls that a quota group lets wait. */
export function waitingFor(quota: QuotaStats | undefined): number {
  return quota === undefined ? 0 : quota.rate.waiting + (quota.concurrency?.waiting ?? 0)
}

/** Calls that the cache could have answered. */
export function askedOf(window: Window): number {
  return answeredOf(window) + window.rise(({ cache }) => cache.misses)
}

/** The part of them that it did answer, from 0 to 1. */
export function hitRatio(window: Window): number {
  const asked = askedOf(window)
  return asked === 0 ? 0 : answeredOf(window) / asked
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
