/** Adds are counted by how they ended: `adds = succeeded + failed + aborted + refused + pending`, at every moment. */
export interface BatcherStats {
  /** Calls of `add`. */
  readonly adds: number
  /** Resolved with a result. */
  readonly succeeded: number
  /** Rejected with an error of the function, or for its wrong number of results. */
  readonly failed: number
  /** Rejected because their signal aborted, or by `close('abort')`. */
  readonly aborted: number
  /** Rejected before they were queued: full, too large, closed, or an option's function threw. */
  readonly refused: number
  /** Not settled yet. */
  readonly pending: number
  /** Adds that shared the place of an identical one. */
  readonly shared: number
  /** Batches begun. */
  readonly batches: number
  /** Items in them, per batch; 0 before the first. */
  readonly meanBatchSize: number
  /** Items that wait for room in the queue. */
  readonly waitingItems: number
  /** Items in the queue. */
  readonly queuedItems: number
  readonly queuedBytes: number
  /** Batches under way. */
  readonly runningBatches: number
}
