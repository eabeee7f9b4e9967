/** What the journal keeps of one item. */
export interface JournalRecord {
  readonly id: string
  readonly index: number
  readonly attempts: number
  readonly durationMs: number
  readonly value: unknown
}

/** Results on disk, one for each id. Whoever has it open is the only one. */
export interface Journal extends AsyncIterable<JournalRecord> {
  /** The path of the file, with no symbolic link in it. */
  readonly path: string
  /** How many ids it has. */
  readonly size: number
  /** What its results depend on besides the items; nothing before the first run has begun, or where that gave none. */
  readonly fingerprint: string | undefined
  /** What names it among all journals; nothing before the first run has begun. */
  readonly key: string | undefined
  /**
   * Opens it for one run, which writes the first line of a new one.
   *
   * @throws FingerprintMismatchError when it was made with another fingerprint, or with none
   * @throws JournalLockedError when a run has begun with it
   */
  begin(fingerprint: string | undefined): Promise<void>
  has(id: string): boolean
  /** @throws UnusableJournalError when what is there cannot be read any more */
  get(id: string): Promise<JournalRecord | undefined>
  /**
   * Writes a record, unless its id has one, and resolves when it is as durable as was asked for.
   *
   * @returns whether it was written
   * @throws UnwritableValueError for a value that would not be the same after JSON
   * @throws the error of the file system; from then on everything rejects with it
   */
  append(record: JournalRecord): Promise<boolean>
  /** Writes at once what waits for others to be written with. */
  flush(): void
  /** Waits until all is written, then unlocks it. May be called again. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
