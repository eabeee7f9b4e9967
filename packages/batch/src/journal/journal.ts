/** The result of one item, as the journal stores it. Failures are not stored. */
export interface JournalRecord {
  /** The id of the item. A journal has at most one record of it. */
  readonly id: string
  /** The item's position in the source of the run that wrote it, counted from 0. */
  readonly index: number
  /** The number of requests that the item needed: one per attempt, unless the function reported another number. */
  readonly attempts: number
  /** How long the item took, waits included, in milliseconds. */
  readonly durationMs: number
  /** The result: what the function returned, as JSON represents it. */
  readonly value: unknown
}

/** Stores results in a file, one per id. Only one process can have a journal open. Opened by `openJournal`. */
export interface Journal extends AsyncIterable<JournalRecord> {
  /** The path of the file, with no symbolic link in it. */
  readonly path: string
  /** The number of ids that have a record, including records of earlier runs. */
  readonly size: number
  /** The option `fingerprint` of the first run with this journal; undefined before that run, or if that run had no fingerprint. */
  readonly fingerprint: string | undefined
  /** A random id of this journal; undefined before the first run. Idempotency keys of all its runs begin with it. */
  readonly key: string | undefined
  /**
   * Begins a run with this journal. If the journal is new, writes its first line.
   *
   * @throws FingerprintMismatchError when the journal was made with another fingerprint, or when only the journal or only the run has a fingerprint
   * @throws JournalLockedError when another run has begun with this journal
   */
  begin(fingerprint: string | undefined): Promise<void>
  /** Whether there is a record with this id. Reads nothing. */
  has(id: string): boolean
  /**
   * Reads the record with this id.
   *
   * @returns undefined if there is none
   * @throws UnusableJournalError when the record can no longer be read
   */
  get(id: string): Promise<JournalRecord | undefined>
  /**
   * Writes a record, unless the journal has one with the same id. Resolves when the record is as durable as configured.
   *
   * @returns whether the record was written
   * @throws UnwritableValueError for a value that JSON cannot represent or would change
   * @throws the error of the file system. After that, every `append` rejects with the same error
   */
  append(record: JournalRecord): Promise<boolean>
  /** Writes buffered records at once, without waiting for `groupMs`. Does not wait for the disk. */
  flush(): void
  /** Waits until all records are written, then closes and unlocks the journal. Can be called more than once. */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
