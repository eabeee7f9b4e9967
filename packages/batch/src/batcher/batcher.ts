import type { AddOptions } from './options.ts'

/** Collects single items into batches. */
export interface Batcher<Item, Result> {
  /**
   * Adds an item and resolves to its result.
   *
   * @throws (rejects with) the Error that the function returned for this item, or the error that the whole batch failed
   * with
   * @throws BatchShapeError when the function returned too few or too many results
   * @throws QueueFullError when there is no room and `whenFull` is `'reject'`
   * @throws RequestTooLargeError when no batch can hold the item
   * @throws BatcherClosedError after `close()`
   * @throws the signal's reason, at once, when it aborts
   */
  add(item: Item, options?: AddOptions): Promise<Result>
  /**
   * Sends everything that is queued without waiting for batches to fill, and resolves when all items added before are
   * settled. Never rejects.
   */
  flush(): Promise<void>
  /**
   * Accepts no more items. `'drain'` sends everything that is queued and resolves when all of it is settled; `'abort'`
   * rejects all of it with BatcherClosedError, aborts the signals of batches in flight and resolves. @default 'drain'
   */
  close(mode?: 'drain' | 'abort'): Promise<void>
  /** Counters since the start, and what is queued and in flight now. */
  stats(): BatcherStats
}

/** Adds are counted by outcome: `adds = succeeded + failed + aborted + refused + pending`, at every moment. */
export interface BatcherStats {
  /** Calls of `add`. */
  readonly adds: number
  /** Resolved with a result. */
  readonly succeeded: number
  /** Rejected with an error of the function, or because it returned a wrong number of results. */
  readonly failed: number
  /** Rejected because their signal aborted, or by `close('abort')`. */
  readonly aborted: number
  /** Rejected before they were queued: full, too large, closed, or an option's function threw. */
  readonly refused: number
  /** Not settled yet. */
  readonly pending: number
  /** Adds that joined the entry of an identical item. */
  readonly shared: number
  /** Batches started. */
  readonly batches: number
  /** Mean number of items per batch; 0 before the first. */
  readonly meanBatchSize: number
  /** Items that wait for room in the queue. */
  readonly waitingItems: number
  /** Items in the queue. */
  readonly queuedItems: number
  readonly queuedBytes: number
  /** Batches in flight. */
  readonly runningBatches: number
}
