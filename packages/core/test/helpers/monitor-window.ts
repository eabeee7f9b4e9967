import type { OriginStats } from '@harbor/pool'
import type { QuotaStats } from '../../src/reporting/quota-stats.ts'
import type { ClientSample, ProcessSample, Sample } from '../../src/monitor/sample.ts'
import { Window } from '../../src/monitor/window.ts'
import { Histogram } from '../../src/reporting/quantiles.ts'

export const ORIGIN = 'https://api.openai.com'
export const MiB = 2 ** 20

/** What one look of a test finds: whatever is left out is as in a process and a client that have nothing to do. */
export interface Look {
  delays?: readonly number[]
  process?: Partial<Omit<ProcessSample, 'delays'>>
  client?: Partial<Omit<ClientSample, 'cache' | 'pool'>>
  cache?: Partial<ClientSample['cache']>
  /** Of one origin; undefined while it is unknown. */
  origin?: Partial<OriginStats>
}

export function sampleAt(at: number, look: Look = {}): Sample {
  const delays = new Histogram()
  for (const ms of look.delays ?? [0]) delays.record(ms)
  return {
    at,
    process: { ...idleProcess(at), ...look.process, delays },
    client: {
      attempts: 0,
      closed: false,
      failures: {},
      limits: {},
      prefetch: undefined,
      ...look.client,
      cache: { ...EMPTY_CACHE, ...look.cache },
      pool: look.origin ? { [ORIGIN]: { ...QUIET_ORIGIN, ...look.origin } } : {},
    },
  }
}

/** A full window of a minute: a look each second, as made by its number, from 0 to 60. */
export function windowOf(look: (number: number) => Look, seconds = 60): Window {
  const window = new Window(60_000, sampleAt(0, look(0)))
  for (let number = 1; number <= seconds; number++) window.add(sampleAt(number * 1_000, look(number)))
  return window
}

export function quota(
  rate: Partial<QuotaStats['rate']>,
  concurrency?: QuotaStats['concurrency'],
): QuotaStats {
  const none = { granted: 0, inFlight: 0, waiting: 0, refused: 0, rateLimited: 0, pausedForMs: 0, limits: {} }
  return { rate: { ...none, ...rate }, concurrency }
}

const idleProcess = (at: number): Omit<ProcessSample, 'delays'> => ({
  activeMs: 0,
  idleMs: at,
  cpuMs: 0,
  heapUsedBytes: 50 * MiB,
  heapLimitBytes: 4_096 * MiB,
  externalBytes: 5 * MiB,
  rssBytes: 100 * MiB,
  rssLimitBytes: undefined,
})

const QUIET_ORIGIN: OriginStats = {
  open: 0,
  busy: 0,
  free: 0,
  connecting: 0,
  queued: 0,
  allowed: 20,
  utilization: 0,
  opened: 0,
  closed: 0,
  requests: 0,
  reusedRatio: 0,
  staleRetries: 0,
  errors: 0,
  abandoned: 0,
  firstByteMs: undefined,
  queueMs: undefined,
}

const EMPTY_CACHE: ClientSample['cache'] = {
  hits: 0,
  stale: 0,
  misses: 0,
  shared: 0,
  bypassed: 0,
  ratio: 0,
  loads: 0,
  loadFailures: 0,
  refreshes: 0,
  kept: 0,
  refused: {},
  evictions: 0,
  entries: 0,
  bytes: 0,
  inFlight: 0,
  prefetch: { loaded: 0, useful: 0, wasted: 0 },
  far: {
    hits: 0,
    misses: 0,
    unreadable: 0,
    errors: 0,
    timeouts: 0,
    skipped: 0,
    writes: 0,
    deletes: 0,
    resting: false,
  },
}
