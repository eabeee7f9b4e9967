import { LONGEST_TIMER_MS } from '@harbor/parts'
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
  /** How often it looks, in milliseconds, at least 20. What is over between two looks is seen only by counters. @default 1_000 */
  intervalMs?: number | undefined
  /**
   * How far back it judges, in milliseconds: 10 to 1,000 times `intervalMs`, each look being kept for so long. Longer is calmer, and later.
   * @default 60 times `intervalMs`: a minute, if that is not given
   */
  windowMs?: number | undefined
  /** Told once when advice is given, and once when it is withdrawn. What it throws changes nothing. */
  onAdvice?: ((advice: Advice, state: 'given' | 'withdrawn') => unknown) | undefined
  /** Where time comes from. @default a monotonic clock that counts from the epoch */
  clock?: Clock | undefined
}

/** What is watched: a `Harbor`, or what `createHarborFetch` made. */
export interface MonitoredClient {
  stats(): HarborStats
}

/** Watches a client and the process around it. Made by `createResourceMonitor`. */
export interface ResourceMonitor {
  /** How things are, and what is advised; after `close()`, how they were then. */
  read(): ResourceReading
  /** Ends the looking, and gives back what it took. */
  close(): void
  [Symbol.dispose](): void
}

/**
 * Watches the event loop, memory, connections, queue, limits and cache of a client, once in a while and beside the calls, and advises
 * what to change. It keeps no process alive, and changes nothing by itself.
 *
 *     const monitor = createResourceMonitor(harbor, { onAdvice: ({ message }) => console.warn(message) })
 *
 * @param client a `Harbor` (its copies are the same), or a `HarborFetch`
 * @throws OptionError for an option that does not exist or makes no sense
 */
export function createResourceMonitor(
  client: MonitoredClient,
  options: ResourceMonitorOptions = {},
): ResourceMonitor {
  if (typeof (client as Partial<MonitoredClient> | undefined)?.stats !== 'function') {
    throw new OptionError('client', 'The first argument must be a Harbor, or what createHarborFetch made.')
  }
  is.checkOptions(options, CHECKS)
  const { intervalMs = 1_000, windowMs = 60 * intervalMs, onAdvice, clock = systemClock } = options
  if (windowMs < FEWEST * intervalMs || windowMs > MOST * intervalMs) {
    throw new OptionError(
      'windowMs',
      `windowMs must be ${FEWEST} to ${MOST} times intervalMs, which is ${intervalMs}, got ${windowMs}.`,
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

/** How many looks a window may hold. */
const FEWEST = 10
const MOST = 1_000

const CHECKS = {
  intervalMs: {
    accepts: (value) => typeof value === 'number' && value >= 20 && value <= LONGEST_TIMER_MS,
    expected: `a number of milliseconds from 20 to ${LONGEST_TIMER_MS}`,
  },
  windowMs: is.finiteMs,
  onAdvice: is.aFunction,
  clock: {
    accepts: (value) => typeof (value as Partial<Clock> | null)?.now === 'function',
    expected: 'an object with now()',
  },
} as const satisfies Record<keyof ResourceMonitorOptions, is.Check>
