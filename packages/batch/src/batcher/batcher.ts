import type { AddOptions } from './options.ts'

/** Collects single items into batches, and makes one call for each batch. Created by `createBatcher`. */
export interface Batcher<Item, Result> {
  /**
   * Adds an item and resolves to its result. Rejects with the errors below.
   *
   * @throws the Error that the function returned for this item, or the error of the whole batch
   * @throws BatchShapeError when the function returned too few or too many results
   * @throws QueueFullError when there is no room and `whenFull` is `'reject'`
   * @throws RequestTooLargeError when no batch can hold the item
   * @throws BatcherClosedError after `close()`
   * @throws the reason of `options.signal`, at once, when that signal aborts
   */
  add(item: Item, options?: AddOptions): Promise<Result>
  /**
   * Sends all queued items without waiting for batches to fill. Resolves when all items added before this call have a result or an error. Never
   * rejects.
   */
  flush(): Promise<void>
  /**
   * Closes the batcher, so that it accepts no more items.
   *
   * @param mode `'drain'` sends all queued items, and resolves when each has a result or an error. `'abort'` rejects all unsettled items with
   * BatcherClosedError, aborts the signals of batches in flight, and resolves. @default 'drain'
   */
  close(mode?: 'drain' | 'abort'): Promise<void>
  /** Returns counters since the start, and the current numbers of queued items and of batches in flight. */
  stats(): BatcherStats
}

/**
 * Counters of a batcher since its creation, and its state now. Each call of `add` is counted by its outcome: `adds = succeeded + failed + aborted +
 * refused + pending`, at every moment.
 */
export interface BatcherStats {
  /** All calls of `add` since the creation, whatever their outcome. */
  readonly adds: number
  /** Calls of `add` that resolved with a result, since the creation. */
  readonly succeeded: number
  /** Calls of `add` that rejected because the batch function failed, returned an Error for the item, or returned a wrong number of results. */
  readonly failed: number
  /** Calls of `add` that rejected because their signal aborted, or because of `close('abort')`. */
  readonly aborted: number
  /**
   * Calls of `add` that rejected before the item was queued: the queue was full, the item was too large, the batcher was closed, an option of `add`
   * was wrong, or one of your functions (`partition`, `key`, `sizeOf`) failed.
   */
  readonly refused: number
  /** Calls of `add` that have neither a result nor an error now. */
  readonly pending: number
  /**
   * Calls of `add` whose item was not sent, because an item with the same `key` was already queued or in flight. These calls also count in `adds`.
   */
  readonly shared: number
  /** Batches started since the creation; the halves into which `bisect` splits a batch do not count. */
  readonly batches: number
  /** The mean number of items per started batch; 0 before the first batch. */
  readonly meanBatchSize: number
  /** Items that now wait for room, because the queue is full; 0 unless `whenFull` is `'wait'`. */
  readonly waitingItems: number
  /** Items in the queue now. Items that wait for room do not count. */
  readonly queuedItems: number
  /** The total bytes of the queued items now, as `sizeOf` returns them; 0 without `sizeOf`. */
  readonly queuedBytes: number
  /** Batches in flight now: the function was called and has not settled. */
  readonly runningBatches: number
}
