import { systemClock, type Clock } from '../clock.ts'
import {
  aClock,
  aFunction,
  aSignal,
  count,
  duration,
  flag,
  oneOf,
  validate,
  type Check,
} from '../validate.ts'

export interface BatcherOptions<Item> {
  /** The maximum number of items in a batch. A full batch goes at once. @default 10 */
  maxBatchSize?: number | undefined
  /** How long a batch may wait to fill up, in milliseconds, counted from its oldest item. @default 5_000 */
  maxWaitMs?: number | undefined
  /** The maximum number of batches in flight. @default 5 */
  maxConcurrentBatches?: number | undefined
  /** The maximum bytes of a batch; a larger item is rejected. Needs `sizeOf`. @default no limit */
  maxBatchBytes?: number | undefined
  /** The maximum tokens of a batch; a larger item is rejected. Needs `sizeOf`. @default no limit */
  maxBatchTokens?: number | undefined
  /** The size of an item. Called once for each. @default items have no size: only their number counts */
  sizeOf?: ((item: Item) => { bytes?: number | undefined; tokens?: number | undefined }) | undefined
  /** The maximum number of queued items, without those in flight. @default 10_000 */
  maxQueueItems?: number | undefined
  /**
   * The maximum bytes of queued items, as `sizeOf` returns them; a larger item is queued only when the queue is empty.
   * @default 1_000_000_000
   */
  maxQueueBytes?: number | undefined
  /**
   * What happens to an add when the queue is full: it waits for room, first come, first served within its priority, or
   * it rejects with QueueFullError. Trap: an item that waits for room is in memory, too. Only `'reject'`, or a caller
   * that awaits its adds, bounds memory. @default 'wait'
   */
  whenFull?: 'wait' | 'reject' | undefined
  /** Items with different return values never share a batch: a model, a tenant. @default all items may */
  partition?: ((item: Item) => string) | undefined
  /**
   * Items of one partition with the same return value share one entry and one result while it is in flight; the entry
   * has the priority of the first. @default each item has its own
   */
  key?: ((item: Item) => string) | undefined
  /**
   * What happens when the function fails for a whole batch: every item of it rejects, or the batch is halved and tried
   * again until only the items at fault reject. Trap: halving a batch of n may make 2n − 1 calls when all of them fail,
   * so the function itself should retry failures that no item causes, such as an outage. @default 'reject-all'
   */
  onBatchError?: 'reject-all' | 'bisect' | undefined
  /**
   * Start a batch at once while fewer than `maxConcurrentBatches` are in flight, with everything added in the same
   * tick, also behind an `await` of something already settled. Otherwise an item that comes alone waits for
   * `maxWaitMs`. @default false
   */
  eager?: boolean | undefined
  /** The source of time. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
}

/** The options of one add. */
export interface AddOptions {
  /** Its abort rejects this add at once with its own reason. An item that no add waits for any more is removed. */
  signal?: AbortSignal | undefined
  /** Higher goes first, in the queue and while waiting for room. @default 0 */
  priority?: number | undefined
}

type Defaulted =
  | 'maxBatchSize'
  | 'maxWaitMs'
  | 'maxConcurrentBatches'
  | 'maxBatchBytes'
  | 'maxBatchTokens'
  | 'maxQueueItems'
  | 'maxQueueBytes'
  | 'whenFull'
  | 'onBatchError'
  | 'eager'
  | 'clock'

/** The options with their defaults. */
export type BatcherSettings<Item> = BatcherOptions<Item> &
  Required<{
    [Name in Defaulted]: NonNullable<BatcherOptions<Item>[Name]>
  }>

/** @throws TypeError for an option that does not exist or makes no sense */
export function settingsOf<Item>(options: BatcherOptions<Item>): BatcherSettings<Item> {
  validate(options, CHECKS)
  for (const name of ['maxBatchBytes', 'maxBatchTokens', 'maxQueueBytes'] as const) {
    if (options[name] !== undefined && !options.sizeOf)
      throw new TypeError(`${name} needs sizeOf, which says how large an item is`)
  }
  return {
    ...options,
    maxBatchSize: options.maxBatchSize ?? 10,
    maxWaitMs: options.maxWaitMs ?? 5_000,
    maxConcurrentBatches: options.maxConcurrentBatches ?? 5,
    maxBatchBytes: options.maxBatchBytes ?? Infinity,
    maxBatchTokens: options.maxBatchTokens ?? Infinity,
    maxQueueItems: options.maxQueueItems ?? 10_000,
    maxQueueBytes: options.maxQueueBytes ?? 1_000_000_000,
    whenFull: options.whenFull ?? 'wait',
    onBatchError: options.onBatchError ?? 'reject-all',
    eager: options.eager ?? false,
    clock: options.clock ?? systemClock,
  }
}

/** @throws TypeError for an option that does not exist or makes no sense */
export function checkAddOptions(options: AddOptions): void {
  validate(options, ADD_CHECKS)
}

const CHECKS: Readonly<Record<keyof BatcherOptions<unknown>, Check>> = {
  maxBatchSize: count,
  maxWaitMs: duration,
  maxConcurrentBatches: count,
  maxBatchBytes: count,
  maxBatchTokens: count,
  sizeOf: aFunction,
  maxQueueItems: count,
  maxQueueBytes: count,
  whenFull: oneOf('wait', 'reject'),
  partition: aFunction,
  key: aFunction,
  onBatchError: oneOf('reject-all', 'bisect'),
  eager: flag,
  clock: aClock,
}

const ADD_CHECKS: Readonly<Record<keyof AddOptions, Check>> = {
  signal: aSignal,
  priority: [Number.isFinite, 'a finite number'],
}
