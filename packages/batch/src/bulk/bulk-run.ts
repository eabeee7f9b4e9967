/** What one item came to. Each item that was begun has exactly one, unless the run was aborted or left. */
export type BulkResult<Result> = {
  readonly id: string
  /** The item's place in the source, counted from 0; of a resumed one, its place when it was done. */
  readonly index: number
  /** Calls that were made for it; 0 where a cache answered. */
  readonly attempts: number
  /** From its first attempt to the end of its last, in milliseconds. */
  readonly durationMs: number
  /** It was taken from the journal; nothing was called. */
  readonly resumed: boolean
} & ({ readonly ok: true; readonly value: Result } | { readonly ok: false; readonly error: unknown })

/**
 * A run over many items. Nothing is read and nothing called before it is iterated, or before `summary` is asked for. Its
 * results are there once: it can be iterated once.
 */
export interface BulkRun<Result> extends AsyncIterable<BulkResult<Result>> {
  /**
   * Results as they come, or in the order of the source. Leaving the loop stops the run, aborts the signals of what is under
   * way and unlocks the journal.
   *
   * @throws what the source threw, after the results of what it gave before; a DuplicateIdError likewise
   * @throws FingerprintMismatchError, JournalLockedError, UnusableJournalError, before anything is called
   * @throws the error of the file system when the journal cannot be written, after the results that are written
   * @throws the reason of an abort, at once
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<BulkResult<Result>>
  /**
   * What the run came to, when it has ended and its journal is unlocked. It rejects with what the loop would throw. Asking for it
   * starts the run: unless a loop has begun by the end of the running code, results are counted and dropped, not kept.
   */
  readonly summary: Promise<BulkSummary>
  /** Where the run stands now. */
  progress(): BulkProgress
  /** Begins no more items until `resume()`. What is under way goes on, and results are given out. */
  pause(): void
  resume(): void
  /**
   * Begins no more items. What was sent gets its result; what waits for a limit, a slot or its next attempt is given back unsent and counted as
   * `dropped`. Then the run ends as if its source had, and a journal lets it go on later. A run in which nothing is missing then has no
   * `stoppedBy`.
   *
   * @param error what the loop throws then, and `summary` rejects with, in the place of an orderly end
   */
  stop(error?: unknown): void
  /**
   * Ends the run at once: signals of what is under way abort with the reason, functions deaf to them are not waited for, and what they
   * still return goes nowhere. @default an Error that says so
   */
  abort(reason?: unknown): void
}

/**
 * Counters that add up at every moment: `read = queued + inFlight + ok + failed + skipped + dropped`. What the journal already
 * held is counted as `resumed` alone.
 */
export interface BulkProgress {
  /** Items taken from the source, but for those that the journal held. */
  readonly read: number
  /** Read ahead, and not begun. */
  readonly queued: number
  /** Begun, without a result so far; with a journal, one that is written. */
  readonly inFlight: number
  /** Of those in flight: how many wait for a rate limit or for their next attempt, and so are not sent. */
  readonly waiting: number
  readonly ok: number
  readonly failed: number
  /** Items whose id had come before, with `onDuplicateId: 'skip'`. */
  readonly skipped: number
  /** Items that were read and get no result, because the run was stopped, aborted or left. */
  readonly dropped: number
  /** Results taken from the journal. */
  readonly resumed: number
  /** Attempts after the first of an item. */
  readonly retried: number
  /** How many items there are, where that is known: the `total` option, or the length of an array. */
  readonly total?: number | undefined
  /** Results of the last minute, resumed ones not counted; before a minute is over, as many as it would be at this pace. */
  readonly ratePerMinute: number
  /** When the rest will be done at this pace, in milliseconds from now. Needs `total` and a first result. */
  readonly etaMs?: number | undefined
  /** Tokens that the functions reported. */
  readonly tokens: { readonly input: number; readonly output: number }
  /** What the next step waits for; `retry`: all in flight wait for their next attempt. Nothing before the run has begun, while it is paused and when it has ended. */
  readonly waitingOn?: 'source' | 'rate' | 'retry' | 'slots' | 'consumer' | 'journal' | undefined
}

/** What a run came to. */
export interface BulkSummary {
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  readonly dropped: number
  readonly resumed: number
  readonly retried: number
  readonly tokens: { readonly input: number; readonly output: number }
  readonly durationMs: number
  /** Why it ended before its source did: a bound of `stopWhen`, `stop()`, or a loop that was left. */
  readonly stoppedBy?: 'failures' | 'failureRate' | 'stop' | 'consumer' | undefined
}
