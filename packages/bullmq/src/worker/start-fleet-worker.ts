import type { RunItem } from '@harbor/batch'
import { checkOptions, checksOf, expectValue, type Check } from '@harbor/parts'
import { checkLocation, type FleetQueueLocation } from '../coordinator/options.ts'
import { callsOf, type BulkClient } from './calls.ts'
import { FleetWorker as WorkerOfQueue } from './fleet-worker.ts'

/** Options of `startFleetWorker`: where the queue is, and how the worker runs items. */
export interface FleetWorkerOptions extends FleetQueueLocation {
  /** The maximum number of items that this worker runs at once, at most 1,000. @default 64 */
  readonly concurrency?: number | undefined
  /**
   * Only with a client of Harbor: how long items wait for the end of an outage of the provider, in milliseconds, as in `harbor.bulk()`. @default 0: they
   * fail
   */
  readonly patienceMs?: number | undefined
}

/** A worker that runs items of a queue until it is closed. */
export interface FleetWorker {
  /**
   * Closes the worker. It takes no more items. Items that wait for a limit or for a retry go back to the queue. Items in flight may end; after `graceMs`,
   * their signals abort, and they go back too, where another worker takes them at once.
   *
   * @param options `graceMs`: how long items in flight may take, in milliseconds; 20,000 by default. A
   * later call can shorten it
   * @returns a promise that resolves when the connections are closed
   */
  close(options?: { readonly graceMs?: number | undefined }): Promise<void>
}

const DEFAULT_CONCURRENCY = 64
/** The maximum number of items that one worker runs at once. Each holds a lock that has to be renewed in time. */
const MAX_CONCURRENCY = 1_000
const DEFAULT_GRACE_MS = 20_000

/**
 * Starts a worker: it takes items of bulk runs from a queue, runs them, and sends their results to the coordinator.
 *
 * ```ts
 * const worker = startFleetWorker((item, { signal }) => answer(item, signal), { queue: 'answers', connection: 'redis://localhost' })
 * process.once('SIGTERM', () => void worker.close())
 * ```
 *
 * @param run the function for one item, as that of `runBulk`; or a client of Harbor, which answers items that are lines of a batch file. Its context has
 * the id, index, attempt and idempotency key of the coordinator's run, and signals that abort when the run is stopped or aborted, or this worker closes
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function startFleetWorker<Item, Result>(
  run: RunItem<Item, Result> | BulkClient,
  options: FleetWorkerOptions,
): FleetWorker {
  expectValue('run', run, aRun)
  checkOptions(options, CHECKS, {})
  checkLocation(options)
  const { queue, connection, prefix = 'harbor', concurrency = DEFAULT_CONCURRENCY, patienceMs } = options
  if (patienceMs !== undefined && typeof run === 'function')
    throw new TypeError('patienceMs has no effect with a function: pass a client of Harbor, or leave it out')
  const start = callsOf(run, { concurrency, patienceMs: patienceMs ?? 0 })
  const worker = new WorkerOfQueue({ queue, connection, prefix, concurrency, start })
  return {
    close({ graceMs = DEFAULT_GRACE_MS } = {}) {
      expectValue('graceMs', graceMs, atLeastZero)
      return worker.close(graceMs)
    },
  }
}

const aRun: Check = (value) =>
  typeof value === 'function' ||
  typeof (Object(value) as { bulk?: unknown }).bulk === 'function' ||
  'a function or a client of Harbor'
const atLeastZero: Check = (value) =>
  (typeof value === 'number' && value >= 0 && value < Infinity) || 'a number of at least 0'
const aConcurrency: Check = (value) =>
  (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_CONCURRENCY) ||
  `a whole number from 1 to ${MAX_CONCURRENCY}`
const anything: Check = () => true

const CHECKS = /* @__PURE__ */ checksOf({
  queue: anything,
  connection: anything,
  prefix: anything,
  concurrency: aConcurrency,
  patienceMs: atLeastZero,
})
