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

/** Options of `createResourceMonitor`: how often it samples, over which window, and a listener for advice. All are optional. */
export interface ResourceMonitorOptions {
  /**
   * The interval between two samples, in milliseconds, at least 20. Counters are exact. Other values are read only at each sample, so short
   * changes may be missed. @default 1_000
   */
  intervalMs?: number | undefined
  /**
   * The length of the period that advice is based on, in milliseconds: 10 to 1,000 times `intervalMs`. A longer period makes advice steadier, but
   * later. @default 60 times `intervalMs`
   */
  windowMs?: number | undefined
  /**
   * Called when advice is given, and again when it is withdrawn. If the function throws, a warning is emitted. @default none: `read()` returns the
   * advice
   */
  onAdvice?: ((advice: Advice, state: 'given' | 'withdrawn') => unknown) | undefined
  /** The clock of the monitor. @default a monotonic clock, in milliseconds since the epoch */
  clock?: Clock | undefined
}

/** The client to monitor: a `Harbor`, or the result of `createHarborFetch()`. */
export interface MonitoredClient {
  /** Returns the statistics of the client, which the monitor reads at each sample. */
  stats(): HarborStats
}

/** Monitors a client and its process. Returned by `createResourceMonitor()`. */
export interface ResourceMonitor {
  /** Returns the current values and advice; after `close()`, the last ones. */
  read(): ResourceReading
  /** Stops the monitor, and clears its timers. The client is not closed. */
  close(): void
  /** The same as `close()`, for `using`. */
  [Symbol.dispose](): void
}

/**
 * Creates a monitor that recommends changes. On a timer, it takes samples of the event loop, memory, connections, queue, limits and cache.
 * It does not make the changes itself, and does not keep the process alive.
 *
 *     const monitor = createResourceMonitor(harbor, { onAdvice: ({ message }) => console.warn(message) })
 *
 * @param client a `Harbor` client or a `HarborFetch`; its copies are included, because they share its statistics
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

/** The minimum of `windowMs`, as a number of samples. */
const MIN_SAMPLES = 10
/** The maximum of `windowMs`, as a number of samples. */
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
