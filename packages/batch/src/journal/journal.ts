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
  /** The number of ids that have a record. */
  readonly size: number
  /**
   * The option `fingerprint` of the first run with this journal; undefined before that run, or if that run had none.
   */
  readonly fingerprint: string | undefined
  /** A unique key of this journal; undefined before the first run. */
  readonly key: string | undefined
  /**
   * Begins a run with this journal. Writes the first line of a new journal.
   *
   * @throws FingerprintMismatchError when the journal was made with another fingerprint, or with none
   * @throws JournalLockedError when another run has begun with this journal
   */
  begin(fingerprint: string | undefined): Promise<void>
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
   * @throws UnwritableValueError for a value that would not be the same after JSON
   * @throws the error of the file system. After that, every `append` rejects with the same error
   */
  append(record: JournalRecord): Promise<boolean>
  /** Writes buffered records at once. */
  flush(): void
  /** Waits until all records are written, then closes and unlocks the journal. Further calls have no further effect. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
