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

/** Options of `createBatcher`. Numbers of items, bytes and tokens are whole and at least 1, or `Infinity` for no limit. */
export interface BatcherOptions<Item> {
  /** The maximum number of items in a batch, at least 1. A full batch is sent at once. @default 10 */
  maxBatchSize?: number | undefined
  /** How long a batch may wait to fill up, in milliseconds, counted from its oldest item; at least 0. @default 5_000 */
  maxWaitMs?: number | undefined
  /** The maximum number of batches in flight, at least 1. Further full batches wait in the queue. @default 5 */
  maxConcurrentBatches?: number | undefined
  /** The maximum bytes of a batch. An item larger than this is rejected with RequestTooLargeError. Needs `sizeOf`. @default no limit */
  maxBatchBytes?: number | undefined
  /** The maximum tokens of a batch. An item larger than this is rejected with RequestTooLargeError. Needs `sizeOf`. @default no limit */
  maxBatchTokens?: number | undefined
  /** Returns the size of an item, in bytes and tokens. Called at most once for each item. @default none: only the number of items is limited */
  sizeOf?: ((item: Item) => { bytes?: number | undefined; tokens?: number | undefined }) | undefined
  /** The maximum number of queued items; items in flight do not count. `whenFull` says what happens beyond. @default 10_000 */
  maxQueueItems?: number | undefined
  /**
   * The maximum bytes of all queued items together; `whenFull` says what happens beyond. An item larger than this is queued only when the queue is
   * empty. Needs `sizeOf`. @default 1_000_000_000
   */
  maxQueueBytes?: number | undefined
  /**
   * What `add` does when the queue is full. `'wait'`: waits for room, first come, first served among items of the same priority. `'reject'`: rejects
   * with QueueFullError. Beware: with `'wait'`, items that wait for room are in memory, too, so memory is bounded only if the caller awaits its adds.
   * @default 'wait'
   */
  whenFull?: 'wait' | 'reject' | undefined
  /**
   * Returns the name of the item's partition, such as a model or a tenant. Items of different partitions never share a batch. @default all items may
   * share a batch
   */
  partition?: ((item: Item) => string) | undefined
  /**
   * Returns a key that is the same for identical items. While an item is queued or in flight, further items with the same key and partition are not
   * sent: they get the result, or the error, of the first item. Their own priority has no effect. @default every item is sent
   */
  key?: ((item: Item) => string) | undefined
  /**
   * What happens when the function throws, so that a whole batch fails. `'reject-all'`: every item of the batch is rejected. `'bisect'`: the batch is
   * split in halves, which are sent again, until only the items that cause the error are rejected. Beware: if every item fails, bisecting a batch of
   * n items makes up to 2n − 1 calls. Failures that no item causes, such as an outage, should be retried inside the function. @default 'reject-all'
   */
  onBatchError?: 'reject-all' | 'bisect' | undefined
  /**
   * Whether a batch starts at once while fewer than `maxConcurrentBatches` are in flight. The batch then contains all items added in the same tick,
   * including those added after an `await` of a settled promise. If false, a batch that is not full waits for `maxWaitMs`. @default false
   */
  eager?: boolean | undefined
  /** The source of time. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
}

/** Options of one call of `add`: its priority, and a signal that cancels it. */
export interface AddOptions {
  /**
   * A signal that cancels this add. When it aborts, the add rejects at once with the signal's reason. A queued item for which no other add waits is
   * removed. @default none
   */
  signal?: AbortSignal | undefined
  /** Items with a higher priority are sent first, and are the first to get room in a full queue. Any finite number. @default 0 */
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

/**
 * Checks the options, and adds the defaults.
 *
 * @throws TypeError for an option that does not exist or makes no sense
 */
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

/** Checks the options of one call of `add`. @throws TypeError for an option that does not exist or makes no sense */
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
