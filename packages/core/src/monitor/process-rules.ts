import { mib, millis, percent, seconds } from './figures.ts'
import { heapGrowth, loopUtilization, mean } from './measures.ts'
import { beyond, type Finding, type Was } from './rule.ts'
import type { Window } from './window.ts'

/**
 * One moment in a hundred, what is due is late by more than this, in milliseconds: the lag at which toobusy-js, by default, calls a
 * process too busy.
 */
const BLOCKED_MS = { given: 70, over: 35 }
/** One block, such as that of a start, is no habit. */
const FEWEST_BLOCKS = 3

export function eventLoopBlocked(window: Window, was: Was): readonly Finding[] {
  const code = 'event-loop-blocked'
  const delay = window.delays().read()
  const blocks = window.looksLaterThan(was(code) ? BLOCKED_MS.over : BLOCKED_MS.given)
  if (!delay || blocks < FEWEST_BLOCKS || !beyond(delay.p99, BLOCKED_MS, was(code))) return []
  return [
    {
      code,
      severity: 'warning',
      message:
        `The event loop was late by ${millis(delay.p99)} one moment in a hundred, by ${millis(delay.max)} at most, where ` +
        `${BLOCKED_MS.given} ms is much: answers stand still meanwhile, and deadlines end too late. Find what blocks ` +
        '(node --cpu-prof) and take it to a worker thread, unless other processes take the CPU; or begin less at once by `limits.maxConcurrency`.',
      facts: { p99Ms: delay.p99, maxMs: delay.max, blocks },
    },
  ]
}

/** Near 1 there is no time left, and everything waits; the README of @fastify/under-pressure refuses requests at 0.98. */
const BUSY = { given: 0.9, over: 0.8 }

export function eventLoopBusy(window: Window, was: Was): readonly Finding[] {
  const code = 'event-loop-busy'
  const utilization = loopUtilization(window)
  if (!beyond(utilization, BUSY, was(code))) return []
  return [
    {
      code,
      severity: 'note',
      message:
        `The event loop was at work ${percent(utilization)} of ${seconds(window.ms)}; above ${percent(BUSY.given)} work begins to ` +
        'wait for its turn. Run more processes, or begin less at once by `limits.maxConcurrency`.',
      facts: { utilization },
    },
  ]
}

/** What is left of the heap after collections, of what V8 may use. Beyond it collections take most of the time, then the process dies. */
const HEAP = { given: 0.8, over: 0.7 }

export function heapNearLimit(window: Window, was: Was): readonly Finding[] {
  const code = 'heap-near-limit'
  const { heapLimitBytes } = window.last.process
  const alive = Math.min(...window.eachOf('heapUsedBytes'))
  if (!beyond(alive / heapLimitBytes, HEAP, was(code))) return []
  return [
    {
      code,
      severity: 'warning',
      message:
        `The heap never came below ${mib(alive)} of the ${mib(heapLimitBytes)} it may have; above ${percent(HEAP.given)} garbage ` +
        'collection takes the time, and the process may die. Give it more by --max-old-space-size, or hold less: what waits is ' +
        'bounded by `pool.maxQueued` and `limits.maxQueue`.',
      facts: { aliveBytes: alive, heapLimitBytes },
    },
  ]
}

/** A heap that would be full within an hour, in milliseconds. */
const FULL_WITHIN_MS = 3_600_000

/** What a heap gains while it is warmed up is no leak. */
const LEAST_GROWTH_BYTES = 16 * 2 ** 20

export function heapGrowing(window: Window): readonly Finding[] {
  const floors = window.heapFloors()
  const bytesPerMs = heapGrowth(window)
  if (!floors || bytesPerMs === undefined) return []
  const [first, second, third] = floors
  const { heapLimitBytes } = window.last.process
  const fullInMs = (heapLimitBytes - third) / bytesPerMs
  const grows = first < second && second < third && third - first >= LEAST_GROWTH_BYTES
  if (!grows || fullInMs > FULL_WITHIN_MS) return []
  return [
    {
      code: 'heap-growing',
      severity: 'note',
      message:
        `What is left of the heap after collections grew from ${mib(first)} to ${mib(third)} in ${seconds(window.ms)}; if it goes on, ` +
        `its ${mib(heapLimitBytes)} are full in ${(fullInMs / 60_000).toFixed(0)} minutes. Compare two heap snapshots ` +
        '(node --heapsnapshot-signal), and bound what waits by `pool.maxQueued` and `limits.maxQueue`.',
      facts: { bytesPerMinute: bytesPerMs * 60_000, heapLimitBytes, fullInMs },
    },
  ]
}

/** What a container allows; beyond it the process is killed without a word. */
const MEMORY = { given: 0.9, over: 0.8 }

export function memoryNearLimit(window: Window, was: Was): readonly Finding[] {
  const code = 'memory-near-limit'
  const { rssLimitBytes } = window.last.process
  const rssBytes = mean(window.eachOf('rssBytes'))
  if (rssLimitBytes === undefined || !beyond(rssBytes / rssLimitBytes, MEMORY, was(code))) return []
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
