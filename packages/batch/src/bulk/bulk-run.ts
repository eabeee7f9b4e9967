/**
 * The result of one item. Each item that was started has exactly one, unless the run was aborted, or the consumer left
 * its loop.
 */
export type BulkResult<Result> = {
  readonly id: string
  /**
   * The item's position in the source, counted from 0. For a result from the journal, this is the position in the run
   * that wrote it. With `order: 'input'`, it is always the position in this run.
   */
  readonly index: number
  /** The number of requests made for the item; 0 if a cache answered. */
  readonly attempts: number
  /**
   * The time from the start of the item, including waits for limits, to the end of its last attempt, in milliseconds.
   */
  readonly durationMs: number
  /** Whether the result was read from the journal, without calling the function. */
  readonly resumed: boolean
} & ({ readonly ok: true; readonly value: Result } | { readonly ok: false; readonly error: unknown })

/**
 * A run over many items. Nothing is read or called until the run is iterated or its `summary` is read. A run can be
 * iterated once, since it does not keep its results.
 */
export interface BulkRun<Result> extends AsyncIterable<BulkResult<Result>> {
  /**
   * Yields results as items complete, or in the order of the source. Leaving the loop stops the run, aborts the signals
   * of calls in flight and unlocks the journal.
   *
   * @throws the error of the source, or a DuplicateIdError, after the results of all items read before
   * @throws FingerprintMismatchError, JournalLockedError, UnusableJournalError, before the function is called
   * @throws the error of the file system when the journal cannot be written, after the results that were written
   * @throws the reason of an abort, at once
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<BulkResult<Result>>
  /**
   * The totals of the run. Resolves when the run has ended and its journal is unlocked; rejects with the error that the
   * loop would throw. Reading this property starts the run. If no loop begins in the same turn of the event loop,
   * results are counted and discarded.
   */
  readonly summary: Promise<BulkSummary>
  /** A snapshot of the counters. */
  progress(): BulkProgress
  /** Starts no more items until `resume()`. Calls in flight continue, and their results are delivered. */
  pause(): void
  resume(): void
  /**
   * Starts no more items. Requests in flight are answered, and their items get results; items that wait for a limit, a
   * slot or their next attempt are not sent, and are counted as `dropped`. Then the run ends as if its source had
   * ended; with a journal, it can be resumed. If it turns out that no item was left, `stoppedBy` is not set.
   *
   * @param error the error that the loop throws and `summary` rejects with. Without it, the run ends normally
   */
  stop(error?: unknown): void
  /**
   * Ends the run at once: the signals of calls in flight abort with the reason, functions that ignore them are not
   * awaited, and their results are discarded. @default an Error that says that the run was aborted
   */
  abort(reason?: unknown): void
}

/**
 * Counters that always add up: `read = queued + inFlight + ok + failed + skipped + dropped`. Results from the journal
 * are counted as `resumed` only.
 */
export interface BulkProgress {
  /** Items read from the source, except those whose result was in the journal. */
  readonly read: number
  /** Items read ahead and not started. */
  readonly queued: number
  /** Items started that have no result yet. With a journal, a result counts once it is durable. */
  readonly inFlight: number
  /**
   * Items in flight that wait for a rate limit or for their next attempt, so that no request of theirs is at the
   * provider.
   */
  readonly waiting: number
  readonly ok: number
  readonly failed: number
  /** Items left out as duplicates, with `onDuplicateId: 'skip'`. */
  readonly skipped: number
  /**
   * Items that were read but get no result, because the run was stopped or aborted, or because the consumer left its
   * loop.
   */
  readonly dropped: number
  /** Results read from the journal. */
  readonly resumed: number
  /** The number of attempts, summed over all items, without the first attempt of each item. */
  readonly retried: number
  /** The number of items, if known: the `total` option, or the length of an array. */
  readonly total?: number | undefined
  /**
   * The number of results in the last minute, without results from the journal. During the first minute, it is
   * extrapolated.
   */
  readonly ratePerMinute: number
  /** The estimated time until the end of the run, in milliseconds. Needs `total` and a first result. */
  readonly etaMs?: number | undefined
  /** The tokens that the function has reported with `report()`. */
  readonly tokens: { readonly input: number; readonly output: number }
  /**
   * What the run currently waits for: the next item of the `source`, a `rate` limit, a `retry` (all items in flight
   * wait for their next attempt), free `slots`, the `consumer`, or the `journal`. Undefined before the run starts,
   * while it is paused, and when it has ended.
   */
  readonly waitingOn?: 'source' | 'rate' | 'retry' | 'slots' | 'consumer' | 'journal' | undefined
}

/** The totals of a run. */
export interface BulkSummary {
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  readonly dropped: number
  readonly resumed: number
  readonly retried: number
  readonly tokens: { readonly input: number; readonly output: number }
  readonly durationMs: number
  /**
   * Why the run ended before the end of its source: a limit of `stopWhen` (`failures`, `failureRate`), a call of
   * `stop()`, or a consumer that left the loop.
   */
  readonly stoppedBy?: 'failures' | 'failureRate' | 'stop' | 'consumer' | undefined
}
