import { BatchStateError } from './batch-state-error.ts'
import type { BatchStateStore, StateRecord } from './state-store.ts'

type RecordOf<Type extends StateRecord['type']> = Extract<StateRecord, { type: Type }>

/** What is known of one part: a file, the batch that is made of it, and how that ended. */
export interface Part extends Omit<RecordOf<'part'>, 'type'> {
  fileId?: string
  batchId?: string
  end?: Omit<RecordOf<'ended'>, 'type' | 'part'>
  /** A run has given out what it came to. */
  isTold?: boolean
}

/** All steps of a run: those of an earlier process, and every further one, safe before it counts. */
export class Ledger {
  readonly #store: BatchStateStore
  readonly #unlock: (() => Promise<void>) | undefined
  readonly #parts = new Map<string, Part>()
  #run: RecordOf<'run'> | undefined

  private constructor(store: BatchStateStore, unlock: (() => Promise<void>) | undefined) {
    this.#store = store
    this.#unlock = unlock
  }

  /**
   * Takes the state for this run, and reads it.
   *
   * @throws BatchStateLockedError
   * @throws BatchStateError for a state of something else
   */
  static async open(store: BatchStateStore, endpoint: string, startedAtMs: number): Promise<Ledger> {
    const ledger = new Ledger(store, await store.lock?.())
    try {
      await ledger.#begin(endpoint, startedAtMs)
      return ledger
    } catch (error) {
      await ledger.close()
      throw error
    }
  }

  async #begin(endpoint: string, startedAtMs: number): Promise<void> {
    for (const record of await this.#store.read()) this.#apply(record)
    if (!this.#run) {
      if (this.#parts.size > 0) throw new BatchStateError('the state does not begin with a run')
      await this.append({ type: 'run', version: 1, run: crypto.randomUUID(), endpoint, startedAtMs })
    } else if (this.#run.endpoint !== endpoint) {
      throw new BatchStateError(`the state is of ${this.#run.endpoint}, not of ${endpoint}`)
    }
  }

  get run(): RecordOf<'run'> {
    if (!this.#run) throw new BatchStateError('the state does not begin with a run')
    return this.#run
  }

  /** In the order in which they were begun. */
  parts(): Part[] {
    return [...this.#parts.values()]
  }

  get(part: string): Part | undefined {
    return this.#parts.get(part)
  }

  async append(record: StateRecord): Promise<void> {
    await this.#store.append(record)
    this.#apply(record)
  }

  /** Every result was given out. */
  async finish(): Promise<void> {
    if (this.parts().some(({ isTold }) => !isTold)) await this.append({ type: 'finished' })
  }

  /** Lets the state go. */
  async close(): Promise<void> {
    await this.#unlock?.()
  }

  #apply(record: StateRecord): void {
    if (record.type === 'run') this.#run = record
    else if (record.type === 'part') {
      const { type, ...part } = record
      this.#parts.set(part.part, part)
    } else if (record.type === 'finished') {
      for (const part of this.#parts.values()) part.isTold = true
    } else this.#update(record)
  }

  #update(record: RecordOf<'uploaded' | 'created' | 'ended'>): void {
    const part = this.#parts.get(record.part)
    if (!part)
      throw new BatchStateError(`the state tells how part ${record.part} went on, but not how it began`)
    if (record.type === 'uploaded') part.fileId = record.fileId
    else if (record.type === 'created') part.batchId = record.batchId
    else {
      const { type: _type, part: _part, ...end } = record
      part.end = end
    }
  }
}
