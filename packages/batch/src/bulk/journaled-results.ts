import type { Journal, JournalRecord } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import type { BulkResult } from './bulk-run.ts'
import type { ResultQueue } from './result-queue.ts'
import type { RunCounters } from './run-counters.ts'

/** The parts of the current run that are used to yield the results of earlier runs. */
export interface ResumeHost<Result> {
  readonly results: ResultQueue<BulkResult<Result>>
  readonly counters: RunCounters
  /** The maximum number of results that may wait for the consumer. */
  readonly slots: () => number
  readonly isOver: () => boolean
}

/** The journal of a run: reads the results of earlier runs, and writes new ones. */
export class JournaledResults<Result> {
  readonly #given: Journal | string
  readonly #host: ResumeHost<Result>
  #journal: Journal | undefined
  #opening: Promise<void> | undefined
  #onRoom: (() => void) | undefined
  /** The number of results being written. */
  writing = 0

  /** @param given a path, or an open journal; either is closed at the end of the run */
  constructor(given: Journal | string, host: ResumeHost<Result>) {
    this.#given = given
    this.#host = host
    if (typeof given !== 'string') this.#journal = given
  }

  /** Opens the journal for this run. @returns the key of the journal, the prefix of idempotency keys */
  async open(fingerprint: string | undefined): Promise<string | undefined> {
    const open = async (): Promise<void> => {
      this.#journal ??= await openJournal(this.#given as string)
      await this.#journal.begin(fingerprint)
    }
    await (this.#opening = open())
    return this.#journal?.key
  }

  has(id: string): boolean {
    return this.#journal?.has(id) === true
  }

  /** Yields all results of earlier runs to the consumer, with backpressure. Resolves when all are yielded, or the run is over. */
  async yieldAll(): Promise<void> {
    const { results, counters, slots, isOver } = this.#host
    if (isOver() || !this.#journal) return
    if (results.isDropping) {
      counters.resumed = this.#journal.size
      return
    }
    for await (const record of this.#journal) {
      if (isOver()) return
      counters.resumed++
      results.put(resultOf(record))
      while (results.size >= slots() && !isOver()) {
        await new Promise<void>((resolve) => (this.#onRoom = resolve))
      }
    }
  }

  /** Lets `yieldAll` continue. Called when the consumer has taken a result, and when the run is over. */
  proceed(): void {
    this.#onRoom?.()
  }

  /** Reads the result of an item whose id is in the journal. The result has the index of the item in the current source. */
  async get({ id, index }: { readonly id: string; readonly index: number }): Promise<BulkResult<Result>> {
    const record = await this.#journal?.get(id)
    if (!record) throw new Error(`the journal has lost the result of item ${index}`)
    return { ...resultOf<Result>(record), index }
  }

  /** Writes a result. Resolves when it is as durable as configured. */
  write(result: BulkResult<Result> & { ok: true }): Promise<unknown> {
    this.writing++
    const done = (): void => {
      this.writing--
    }
    const written = this.#journal?.append(result) ?? Promise.resolve()
    written.then(done, done)
    return written
  }

  /** Writes buffered results at once. Called when all items in flight wait for the journal, so no further result can join them. */
  flush(): void {
    this.#journal?.flush()
  }

  /** Waits until all results are written, then closes and unlocks the journal. A journal that is still being opened is closed afterwards. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined) // open() has reported the error.
    await this.#journal?.close()
  }
}

function resultOf<Result>({ id, index, attempts, durationMs, value }: JournalRecord): BulkResult<Result> {
  return { id, index, attempts, durationMs, resumed: true, ok: true, value: value as Result }
}
