import { heapGrowth, loopUtilization, mean } from './measures.ts'
import { exceeds, type Finding, mib, millis, percent, seconds, type IsActive } from './rule.ts'
import type { Window } from './window.ts'

/**
 * The thresholds for the 99th percentile of the event loop's delay, in milliseconds. Advice is given above `raise`, and withdrawn at
 * `clear` or less. 70 ms is also the default of toobusy-js.
 */
const BLOCKED_MS = { raise: 70, clear: 35 }
/** The minimum number of samples with a blocked event loop for advice. A single block, such as at start-up, is no reason for advice. */
const MIN_BLOCKS = 3

export function eventLoopBlocked(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'event-loop-blocked'
  const delay = window.delays().read()
  const blocks = window.samplesLaterThan(isActive(code) ? BLOCKED_MS.clear : BLOCKED_MS.raise)
  if (!delay || blocks < MIN_BLOCKS || !exceeds(delay.p99, BLOCKED_MS, isActive(code))) return []
  return [
    {
      code,
      severity: 'warning',
      message:
        `The event loop was blocked: timers fired ${millis(delay.p99)} late at 1 % of the time, and at most ${millis(delay.max)} late. Above ` +
        `${BLOCKED_MS.raise} ms, answers are noticeably delayed, and timeouts end too late. Find what blocks it ` +
        '(node --cpu-prof) and move it to a worker thread, unless other processes use the CPU; or start fewer calls at the same time by `limits.maxConcurrency`.',
      facts: { p99Ms: delay.p99, maxMs: delay.max, blocks },
    },
  ]
}

/**
 * The thresholds for the utilization of the event loop, from 0 to 1. Near 1, all work waits. An example in the README of
 * @fastify/under-pressure refuses requests above 0.98.
 */
const BUSY = { raise: 0.9, clear: 0.8 }

export function eventLoopBusy(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'event-loop-busy'
  const utilization = loopUtilization(window)
  if (!exceeds(utilization, BUSY, isActive(code))) return []
  return [
    {
      code,
      severity: 'note',
      message:
        `The event loop was busy ${percent(utilization)} of ${seconds(window.ms)}; above ${percent(BUSY.raise)}, work has to wait. ` +
        'Run more processes, or start fewer calls at the same time by `limits.maxConcurrency`.',
      facts: { utilization },
    },
  ]
}

/**
 * The thresholds for the live heap, as a share of V8's heap limit. Near the limit, garbage collection takes most of the time. At the limit,
 * the process dies.
 */
const HEAP = { raise: 0.8, clear: 0.7 }

export function heapNearLimit(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'heap-near-limit'
  const { heapLimitBytes } = window.last.process
  const alive = Math.min(...window.eachOf('heapUsedBytes'))
  if (!exceeds(alive / heapLimitBytes, HEAP, isActive(code))) return []
  return [
    {
      code,
      severity: 'warning',
      message:
        `The heap never came below ${mib(alive)} of the ${mib(heapLimitBytes)} it may have; above ${percent(HEAP.raise)} garbage ` +
        'collection takes most of the time, and the process may die. Raise --max-old-space-size, or use less memory: `pool.maxQueued` and ' +
        '`limits.maxQueue` bound the number of waiting calls.',
      facts: { aliveBytes: alive, heapLimitBytes },
    },
  ]
}

/**
 * The time limit for advice about a growing heap, in milliseconds: advice is given if the heap, at its current growth, would be full within
 * this time.
 */
const FULL_WITHIN_MS = 3_600_000

/** The minimum growth of the live heap over the window for advice, in bytes. Less growth may be warm-up. */
const MIN_GROWTH_BYTES = 16 * 2 ** 20

export function heapGrowing(window: Window): readonly Finding[] {
  const floors = window.heapFloors()
  const bytesPerMs = heapGrowth(window)
  if (!floors || bytesPerMs === undefined) return []
  const [first, second, third] = floors
  const { heapLimitBytes } = window.last.process
  const fullInMs = (heapLimitBytes - third) / bytesPerMs
  const grows = first < second && second < third && third - first >= MIN_GROWTH_BYTES
  if (!grows || fullInMs > FULL_WITHIN_MS) return []
  return [
    {
      code: 'heap-growing',
      severity: 'note',
      message:
        `The heap that is left after garbage collections grew from ${mib(first)} to ${mib(third)} in ${seconds(window.ms)}; if it goes on, ` +
        `its ${mib(heapLimitBytes)} are full in ${(fullInMs / 60_000).toFixed(0)} minutes. Compare two heap snapshots ` +
        '(node --heapsnapshot-signal), and bound the number of waiting calls by `pool.maxQueued` and `limits.maxQueue`.',
      facts: { bytesPerMinute: bytesPerMs * 60_000, heapLimitBytes, fullInMs },
    },
  ]
}

/**
 * The thresholds for the resident memory, as a share of the container's memory limit. Above the limit, the process is killed without an
 * error.
 */
const MEMORY = { raise: 0.9, clear: 0.8 }

export function memoryNearLimit(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'memory-near-limit'
  const { rssLimitBytes } = window.last.process
  const rssBytes = mean(window.eachOf('rssBytes'))
  if (rssLimitBytes === undefined || !exceeds(rssBytes / rssLimitBytes, MEMORY, isActive(code))) return []
  const { bytes } = window.last.client.cache
  return [
    {
      code,
      severity: 'warning',
      message:
        `The process held ${mib(rssBytes)} of the ${mib(rssLimitBytes)} its container allows; beyond them it is killed. Raise the ` +
        `limit, or lower \`cache.maxBytes\`: the cache holds ${mib(bytes)}.`,
      facts: { rssBytes, rssLimitBytes, cacheBytes: bytes },
    },
  ]
}
