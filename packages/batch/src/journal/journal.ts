/** The record of one item. */
export interface JournalRecord {
  readonly id: string
  readonly index: number
  readonly attempts: number
  readonly durationMs: number
  readonly value: unknown
}

/** Results on disk, one per id. Only one process can have a journal open. */
export interface Journal extends AsyncIterable<JournalRecord> {
  /** The path of the file, with no symbolic link in it. */
  readonly path: string
  /** The number of ids. */
  readonly size: number
  /**
   * Identifies what its results depend on besides the items; undefined before the first run, or if that run had none.
   */
  readonly fingerprint: string | undefined
  /** A unique key of this journal; undefined before the first run. */
  readonly key: string | undefined
  /**
   * Opens it for one run, and writes the first line of a new journal.
   *
   * @throws FingerprintMismatchError when it was made with another fingerprint, or with none
   * @throws JournalLockedError when another run has begun with it
   */
  begin(fingerprint: string | undefined): Promise<void>
  has(id: string): boolean
  /** @throws UnusableJournalError when the record can no longer be read */
  get(id: string): Promise<JournalRecord | undefined>
  /**
   * Writes a record, unless its id has one, and resolves when it is as durable as configured.
   *
   * @returns whether it was written
   * @throws UnwritableValueError for a value that would not be the same after JSON
   * @throws the error of the file system; after that, everything rejects with it
   */
  append(record: JournalRecord): Promise<boolean>
  /** Writes buffered records at once. */
  flush(): void
  /** Waits until everything is written, then unlocks it. May be called again. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
