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
  /** How many items go into one batch at most. A batch that is full goes at once. @default 10 */
  maxBatchSize?: number | undefined
  /** How long an item may wait for its batch to fill up, in milliseconds, from the oldest item. @default 5_000 */
  maxWaitMs?: number | undefined
  /** How many batches are under way at most. @default 5 */
  maxConcurrentBatches?: number | undefined
  /** How many bytes one batch may have; an item that has more by itself is refused. Needs `sizeOf`. @default no limit */
  maxBatchBytes?: number | undefined
  /** How many tokens one batch may have; an item that has more by itself is refused. Needs `sizeOf`. @default no limit */
  maxBatchTokens?: number | undefined
  /** How large an item is. Called once for each. @default items have no size: only their number counts */
  sizeOf?: ((item: Item) => { bytes?: number | undefined; tokens?: number | undefined }) | undefined
  /** How many items wait for a batch at most, those under way not counted. @default 10_000 */
  maxQueueItems?: number | undefined
  /**
   * How many bytes wait for a batch at most; one item that has more by itself is let in when nothing else waits. Bytes are
   * what `sizeOf` says. @default 1_000_000_000
   */
  maxQueueBytes?: number | undefined
  /**
   * What happens to an add that finds the queue full: it waits for room, first come first served within its priority, or
   * it rejects with QueueFullError. Trap: an item that waits for room is in memory too. Only `'reject'`, or a caller that
   * awaits its adds, bounds memory. @default 'wait'
   */
  whenFull?: 'wait' | 'reject' | undefined
  /** Items with different answers never share a batch: a model, a tenant. @default all may */
  partition?: ((item: Item) => string) | undefined
  /**
   * Items of one partition with the same answer share one place, that of the first with its priority, and one result, as long
   * as it has not come. @default each has its own
   */
  key?: ((item: Item) => string) | undefined
  /**
   * What happens when the function fails for a whole batch: every item of it rejects, or the batch is halved and tried
   * again until only the items at fault reject. Trap: halving a batch of n may make 2n − 1 calls when every one of them
   * fails, so the function itself should retry what is nobody's fault, such as an outage. @default 'reject-all'
   */
  onBatchError?: 'reject-all' | 'bisect' | undefined
  /**
   * Go at once while fewer than `maxConcurrentBatches` are under way, with what was added in the same tick, also behind an `await` of
   * something that is already there. Without it an item that comes alone waits for `maxWaitMs`. @default false
   */
  eager?: boolean | undefined
  /** Where time comes from. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
}

/** What one add may ask for. */
export interface AddOptions {
  /** Its abort rejects this add at once with its own reason. An item that no add waits for any more is taken out. */
  signal?: AbortSignal | undefined
  /** Higher goes first, within the queue as within the wait for room. @default 0 */
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
