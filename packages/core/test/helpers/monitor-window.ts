import type { OriginStats } from '@harbor/pool'
import { expect } from 'vitest'
import type { QuotaStats } from '../../src/reporting/quota-stats.ts'
import type { ClientSample, ProcessSample, Sample } from '../../src/monitor/sample.ts'
import type { AdviceCode } from '../../src/monitor/advice.ts'
import { judge } from '../../src/monitor/rules.ts'
import { Window } from '../../src/monitor/window.ts'
import { Histogram } from '../../src/reporting/quantiles.ts'

export const ORIGIN = 'https://api.openai.com'
export const MiB = 2 ** 20

/** The values of one sample. Those left out are the ones of an idle process and client. */
export interface SampleValues {
  delays?: readonly number[]
  process?: Partial<Omit<ProcessSample, 'delays'>>
  client?: Partial<Omit<ClientSample, 'cache' | 'pool'>>
  cache?: Partial<ClientSample['cache']>
  /** Of one origin; undefined while it is unknown. */
  origin?: Partial<OriginStats>
}

export function sampleAt(at: number, values: SampleValues = {}): Sample {
  const delays = new Histogram()
  for (const ms of values.delays ?? [0]) delays.record(ms)
  return {
    at,
    process: { ...idleProcess(at), ...values.process, delays },
    client: {
      attempts: 0,
      closed: false,
      failures: {},
      limits: {},
      prefetch: undefined,
      ...values.client,
      cache: { ...EMPTY_CACHE, ...values.cache },
      pool: values.origin ? { [ORIGIN]: { ...QUIET_ORIGIN, ...values.origin } } : {},
    },
  }
}

/** A full window of a minute, with a sample each second. @param values of each sample, by its number from 0 to 60 */
export function windowOf(values: (number: number) => SampleValues, seconds = 60): Window {
  const window = new Window(60_000, sampleAt(0, values(0)))
  for (let number = 1; number <= seconds; number++) window.add(sampleAt(number * 1_000, values(number)))
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
  stored: 0,
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
    inCooldown: false,
  },
}

const never = (): boolean => false
export const always = (): boolean => true

/** The codes of the advice for a window. @param isActive which advice was active before */
export function codes(window: Window, isActive = never): AdviceCode[] {
  return judge(window, isActive).map(({ code }) => code)
}

/** The only advice for a window. Fails the test if there is more. */
export function only(window: Window, isActive = never) {
  const [finding, ...others] = judge(window, isActive)
  expect(others).toEqual([])
  return finding
}
