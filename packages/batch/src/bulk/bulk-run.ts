/**
 * The result of one item. Every item that was started gets exactly one result, unless the run is stopped or aborted before, or the consumer leaves
 * its loop.
 */
export type BulkResult<Result> = {
  /** The id of the item: what the option `id` returned, or its position as text. */
  readonly id: string
  /**
   * The item's position in the source, counted from 0. For a result from the journal, this is the position in the run that wrote it. With `order:
   * 'input'`, it is always the position in this run.
   */
  readonly index: number
  /** The number of requests made for the item: one per attempt, unless the function reports another number, such as 0 if a cache answered. */
  readonly attempts: number
  /**
   * The time from the start of the item to the end of its last attempt, in milliseconds. It includes waits for limits and between attempts. For a
   * result from the journal, it is the time in the run that made the result.
   */
  readonly durationMs: number
  /** Whether the result was read from the journal, without calling the function. */
  readonly resumed: boolean
} & (
  | {
      /** The function returned a value in its last attempt. */
      readonly ok: true
      /** What the function returned; from a journal, as JSON represents it. */
      readonly value: Result
    }
  | {
      /** The last attempt failed. Failures are not in the journal: a resumed run tries again. */
      readonly ok: false
      /** What the function threw last, or why the value could not be stored. */
      readonly error: unknown
    }
)

/**
 * A run over many items. Nothing is read or called until the run is iterated or its `summary` is read. A run can be iterated once, since it does not
 * keep its results.
 */
export interface BulkRun<Result> extends AsyncIterable<BulkResult<Result>> {
  /**
   * Yields results as items complete, or in the order of the source. Leaving the loop stops the run, aborts the signals of calls in flight and
   * unlocks the journal.
   *
   * @throws the error of the source, or a DuplicateIdError, after the results of all items that were read before
   * @throws FingerprintMismatchError, JournalLockedError or UnusableJournalError when the journal cannot be used
   * @throws the error of the file system when the journal cannot be written, after the results that were written
   * @throws the reason of an abort, at once
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<BulkResult<Result>>
  /**
   * The totals of the run. Resolves when the run has ended and its journal is unlocked; rejects with the error that the loop would throw. Reading
   * this property starts the run. If no loop begins in the same synchronous code, results are counted and discarded.
   */
  readonly summary: Promise<BulkSummary>
  /** Returns a snapshot of the counters, also before the start and after the end. */
  progress(): BulkProgress
  /** Pauses the run: no more items start until `resume()`. Calls in flight continue, and their results are delivered. */
  pause(): void
  /** Ends a pause: items start again. Has no effect if the run is not paused or has ended. */
  resume(): void
  /**
   * Stops the run: no more items start. Requests in flight are answered, and their items get results. Items that are queued, or wait for a limit, a
   * slot or their next attempt, are `dropped`: they get no result. Then the run ends as if its source had ended. With a journal, it can be resumed.
   * If every item of the source has a result by then, the summary has no `stoppedBy`.
   *
   * @param error the error that the loop throws and `summary` rejects with. Without it, the run ends normally
   */
  stop(error?: unknown): void
  /**
   * Ends the run at once. The signals of calls in flight abort with the reason. Calls that ignore their signal are not awaited, and their results are
   * discarded.
   *
   * @param reason the error that the loop throws and `summary` rejects with. @default an Error that says that the run was aborted
   */
  abort(reason?: unknown): void
}

/**
 * Counters that always add up: `read = queued + inFlight + ok + failed + skipped + dropped`. Results from the journal are counted as `resumed` only.
 */
export interface BulkProgress {
  /** Items read from the source so far. Items whose result is in the journal do not count. */
  readonly read: number
  /** Items that were read ahead from the source and have not started. */
  readonly queued: number
  /** Items that were started and have no result yet. With a journal, an item is in flight until its result is durable. */
  readonly inFlight: number
  /** Items in flight that wait for a rate limit or for their next attempt. No request of these items is at the provider. */
  readonly waiting: number
  /** Items that succeeded in this run so far. */
  readonly ok: number
  /** Items whose last attempt failed in this run so far. */
  readonly failed: number
  /** Items left out as duplicates so far, with `onDuplicateId: 'skip'`; otherwise 0. */
  readonly skipped: number
  /** Items that were read but get no result, because the run was stopped or aborted, or the consumer left its loop. */
  readonly dropped: number
  /** Results read from the journal so far, without a call. */
  readonly resumed: number
  /** The number of requests beyond the first one of each item, summed over all items of this run. */
  readonly retried: number
  /** The number of items, if known: the option `total`, or the length of an array, Set or Map; otherwise undefined. */
  readonly total?: number | undefined
  /** The number of results in the last minute, without results from the journal. Extrapolated during the first minute. */
  readonly ratePerMinute: number
  /**
   * The estimated time until the end of the run, in milliseconds. Undefined if `total` is unknown, or if items are left and the last minute had no
   * result.
   */
  readonly etaMs?: number | undefined
  /** The tokens that the function has reported with `report()`, failed attempts included. Results from the journal do not count. */
  readonly tokens: {
    /** Input tokens reported so far, in this run. */
    readonly input: number
    /** Output tokens reported so far, in this run. */
    readonly output: number
  }
  /**
   * What the run currently waits for. Undefined before the run starts, while it is paused, and when it has ended.
   * - `source`: the source has to yield its next item;
   * - `rate`: a rate limit;
   * - `retry`: all items in flight wait for their next attempt;
   * - `slots`: an item in flight has to end before another one starts;
   * - `consumer`: the consumer has to take results;
   * - `journal`: the journal is being opened, or results are being written;
   * - `batch`: a batch of the provider has to end. Only runs of `@harbor/core` through a Batch API say so; they have no `etaMs` then.
   */
  readonly waitingOn?: 'batch' | 'source' | 'rate' | 'retry' | 'slots' | 'consumer' | 'journal' | undefined
}

/** The totals of a run that has ended. They count this run only: results that an earlier run stored in the journal count only as `resumed`. */
export interface BulkSummary {
  /** Items that succeeded in this run. Results from the journal do not count. */
  readonly ok: number
  /** Items whose last attempt failed. They have no record in the journal. */
  readonly failed: number
  /** Items left out as duplicates, with `onDuplicateId: 'skip'`; otherwise 0. */
  readonly skipped: number
  /** Items that were read but got no result, because the run was stopped, or because the consumer left its loop. */
  readonly dropped: number
  /** Results read from the journal, without a call. */
  readonly resumed: number
  /** The number of requests beyond the first one of each item, summed over all items of this run. */
  readonly retried: number
  /** The tokens that the function has reported with `report()`, failed attempts included. */
  readonly tokens: {
    /** Input tokens reported, in this run. */
    readonly input: number
    /** Output tokens reported, in this run. */
    readonly output: number
  }
  /** The time from the start of this run to its end, pauses included, in milliseconds. */
  readonly durationMs: number
  /**
   * Why the run ended before the end of its source: a limit of `stopWhen` (`failures`, `failureRate`), a call of `stop()`, or a consumer that left
   * the loop. Undefined if the source was read to its end and every item has a result.
   */
  readonly stoppedBy?: 'failures' | 'failureRate' | 'stop' | 'consumer' | undefined
}
