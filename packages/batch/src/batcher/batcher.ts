import type { AddOptions } from './options.ts'
import type { BatcherStats } from './stats.ts'

/** Collects single items into batches. */
export interface Batcher<Item, Result> {
  /**
   * Adds an item and resolves to its result.
   *
   * @throws (rejects with) the Error that the function gave for this item, or the error it failed with as a whole
   * @throws BatchShapeError when the function gave too few or too many results
   * @throws QueueFullError when there is no room and `whenFull` is `'reject'`
   * @throws RequestTooLargeError when no batch can hold the item
   * @throws BatcherClosedError after `close()`
   * @throws the signal's reason, at once, when it aborts
   */
  add(item: Item, options?: AddOptions): Promise<Result>
  /** Lets go, without waiting for batches to fill, and resolves when all that was added before has its result. Never rejects. */
  flush(): Promise<void>
  /**
   * Takes no more items. `'drain'` lets go of what is queued and resolves when all of it has its result; `'abort'` rejects
   * all of it with BatcherClosedError, aborts the signals of batches under way and resolves. @default 'drain'
   */
  close(mode?: 'drain' | 'abort'): Promise<void>
  /** What happened so far, and what is going on. */
  stats(): BatcherStats
}
