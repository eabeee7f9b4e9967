import type { Journal, JournalRecord } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import type { BulkResult } from './bulk-run.ts'
import type { Task } from './task.ts'

/** The journal as a run sees it: results that are kept, and how many are on their way. */
export class KeptResults<Result> {
  readonly #given: Journal | string
  #journal: Journal | undefined
  #opening: Promise<void> | undefined
  /** Results on their way into the journal. */
  writing = 0

  constructor(given: Journal | string) {
    this.#given = given
    // One that was opened by somebody else is the run's as well, and closed by it.
    if (typeof given !== 'string') this.#journal = given
  }

  get size(): number {
    return this.#journal?.size ?? 0
  }

  get key(): string | undefined {
    return this.#journal?.key
  }

  open(fingerprint: string | undefined): Promise<void> {
    const open = async (): Promise<void> => {
      this.#journal ??= await openJournal(this.#given as string)
      await this.#journal.begin(fingerprint)
    }
    return (this.#opening = open())
  }

  has(id: string): boolean {
    return this.#journal?.has(id) === true
  }

  async *all(): AsyncGenerator<BulkResult<Result>, void, undefined> {
    if (!this.#journal) return
    for await (const record of this.#journal) yield resultOf(record)
  }

  /** The result of an item whose id is there. Its place is the one that it has now. */
  async get({ id, index }: Task<unknown>): Promise<BulkResult<Result>> {
    const record = await this.#journal?.get(id)
    if (!record) throw new Error(`the journal has lost the result of item ${index}`)
    return { ...resultOf<Result>(record), index }
  }

  /** Resolves when it is durable. */
  keep(result: BulkResult<Result> & { ok: true }): Promise<unknown> {
    this.writing++
    const done = (): void => {
      this.writing--
    }
    const kept = this.#journal?.append(result) ?? Promise.resolve()
    kept.then(done, done)
    return kept
  }

  /** No more can come to what is on its way. */
  flush(): void {
    this.#journal?.flush()
  }

  /** Writes what is on its way, and unlocks the journal, also one that is just being opened. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined) // Who opened it was told.
    await this.#journal?.close()
  }
}

function resultOf<Result>({ id, index, attempts, durationMs, value }: JournalRecord): BulkResult<Result> {
  return { id, index, attempts, durationMs, resumed: true, ok: true, value: value as Result }
}
