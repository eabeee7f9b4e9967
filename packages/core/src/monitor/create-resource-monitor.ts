import { MAX_TIMER_MS } from '@harbor/parts'
import type { Clock } from '@harbor/retry'
import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import { systemClock } from '../base/clock.ts'
import type { HarborStats } from '../stats.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import type { Advice } from './advice.ts'
import { ProcessGauges } from './process-gauges.ts'
import type { ResourceReading } from './reading.ts'
import { ResourceWatch } from './resource-watch.ts'

export interface ResourceMonitorOptions {
  /**
   * The interval between two samples, in milliseconds, at least 20. Counters are exact. Of other values, changes between two samples are
   * missed. @default 1_000
   */
  intervalMs?: number | undefined
  /**
   * The window that advice is based on, in milliseconds: 10 to 1,000 times `intervalMs`. A longer one gives steadier and later advice.
   * @default 60 times `intervalMs`: a minute by default
   */
  windowMs?: number | undefined
  /** Called once when advice is given, and once when it is withdrawn. If it throws, a warning is emitted. */
  onAdvice?: ((advice: Advice, state: 'given' | 'withdrawn') => unknown) | undefined
  /** The source of time. @default a monotonic clock that counts from the epoch */
  clock?: Clock | undefined
}

/** The client to monitor: a `Harbor`, or the result of `createHarborFetch()`. */
export interface MonitoredClient {
  stats(): HarborStats
}

/** Monitors a client and its process. Made by `createResourceMonitor()`. */
export interface ResourceMonitor {
  /** The current values and advice; after `close()`, the last ones. */
  read(): ResourceReading
  /** Stops sampling, and clears its timers. */
  close(): void
  [Symbol.dispose](): void
}

/**
 * Creates a monitor that samples the event loop, memory, connections, queue, limits and cache of a client on a timer, and recommends
 * changes. The monitor does not make these changes itself, and does not keep the process alive.
 *
 *     const monitor = createResourceMonitor(harbor, { onAdvice: ({ message }) => console.warn(message) })
 *
 * @param client a `Harbor`, which shares its statistics with its copies, or a `HarborFetch`
 * @throws OptionError for an unknown or invalid option
 */
export function createResourceMonitor(
  client: MonitoredClient,
  options: ResourceMonitorOptions = {},
): ResourceMonitor {
  if (typeof (client as Partial<MonitoredClient> | undefined)?.stats !== 'function') {
    throw new OptionError(
      'client',
      'The first argument must be a Harbor, or the result of createHarborFetch().',
    )
  }
  is.checkOptions(options, CHECKS)
  const { intervalMs = 1_000, windowMs = 60 * intervalMs, onAdvice, clock = systemClock } = options
  if (windowMs < MIN_SAMPLES * intervalMs || windowMs > MAX_SAMPLES * intervalMs) {
    throw new OptionError(
      'windowMs',
      `windowMs must be ${MIN_SAMPLES} to ${MAX_SAMPLES} times intervalMs, which is ${intervalMs}, got ${windowMs}.`,
    )
  }
  const gauges = { process: new ProcessGauges(), client: () => client.stats(), clock }
  const watch = new ResourceWatch(gauges, { intervalMs, windowMs, onAdvice }, new Telemetry())
  return {
    read: () => watch.read(),
    close: () => watch.close(),
    [Symbol.dispose]: () => watch.close(),
  }
}

/** The minimum number of samples in a window. */
const MIN_SAMPLES = 10
/** The maximum number of samples in a window. */
const MAX_SAMPLES = 1_000

const CHECKS = {
  intervalMs: {
    accepts: (value) => typeof value === 'number' && value >= 20 && value <= MAX_TIMER_MS,
    expected: `a number of milliseconds from 20 to ${MAX_TIMER_MS}`,
  },
  windowMs: is.finiteMs,
  onAdvice: is.aFunction,
  clock: {
    accepts: (value) => typeof (value as Partial<Clock> | null)?.now === 'function',
    expected: 'an object with now()',
  },
} as const satisfies Record<keyof ResourceMonitorOptions, is.Check>
