import { BatchStateError } from './batch-state-error.ts'
import type { BatchStateStore, StateRecord } from './state-store.ts'

type RecordOf<Type extends StateRecord['type']> = Extract<StateRecord, { type: Type }>

/** What is known of one part: a file, the batch that is made of it, and how that ended. */
export interface Part extends Omit<RecordOf<'part'>, 'type'> {
  fileId?: string
  batchId?: string
  end?: Omit<RecordOf<'ended'>, 'type' | 'part'>
}

/** All steps of a run: those of an earlier process, and every further one, safe before it counts. */
export class Ledger {
  readonly #store: BatchStateStore
  readonly #parts = new Map<string, Part>()
  #run: RecordOf<'run'> | undefined

  private constructor(store: BatchStateStore) {
    this.#store = store
  }

  /** @throws BatchStateError for a state of something else */
  static async open(store: BatchStateStore, endpoint: string, startedAtMs: number): Promise<Ledger> {
    const ledger = new Ledger(store)
    for (const record of await store.read()) ledger.#apply(record)
    if (!ledger.#run) {
      if (ledger.#parts.size > 0) throw new BatchStateError('the state does not begin with a run')
      await ledger.append({ type: 'run', version: 1, run: crypto.randomUUID(), endpoint, startedAtMs })
    } else if (ledger.#run.endpoint !== endpoint) {
      throw new BatchStateError(`the state is of ${ledger.#run.endpoint}, not of ${endpoint}`)
    }
    return ledger
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

  #apply(record: StateRecord): void {
    if (record.type === 'run') this.#run = record
    else if (record.type === 'part') {
      const { type, ...part } = record
      this.#parts.set(part.part, part)
    } else this.#update(record)
  }

  #update(record: RecordOf<'uploaded' | 'created' | 'ended'>): void {
    const part = this.#parts.get(record.part)
    if (!part)
      throw new BatchStateError(`the state tells how part ${record.part} went on, but not how it began`)
    if (record.type === 'uploaded') part.fileId = record.fileId
    else if (record.type === 'created') part.batchId = record.batchId
    else {
      const { status, outputFileId, errorFileId, code } = record
      part.end = { status, outputFileId, errorFileId, code }
    }
  }
}
