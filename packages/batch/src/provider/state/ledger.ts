import { BatchStateError } from '../errors.ts'
import type { BatchStateStore, StateRecord } from './state-store.ts'

type RecordOf<Type extends StateRecord['type']> = Extract<StateRecord, { type: Type }>

/** One part of the requests: a file, the batch made from it, and how that batch ended. */
export interface BatchPart extends Omit<RecordOf<'part'>, 'type'> {
  fileId?: string
  /** The open intent: whether the provider has created the batch is unknown until it has an id or is refused. */
  sending?: Pick<RecordOf<'sending'>, 'seen' | 'atMs'>
  batchId?: string
  end?: Omit<RecordOf<'ended'>, 'type' | 'part'>
  /** Whether a finished run has reported the results of this part. */
  isReported?: boolean
}

/** The recorded steps of a run, those of earlier processes included. A new step is stored before it takes effect in memory. */
export class Ledger {
  readonly #store: BatchStateStore
  readonly #unlock: (() => Promise<void>) | undefined
  readonly #parts = new Map<string, BatchPart>()
  #run: RecordOf<'run'> | undefined

  private constructor(store: BatchStateStore, unlock: (() => Promise<void>) | undefined) {
    this.#store = store
    this.#unlock = unlock
  }

  /**
   * Locks the state for this run, and reads it.
   *
   * @throws BatchStateLockedError if another run uses the state
   * @throws BatchStateError if the state belongs to another endpoint, or does not begin with a run
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

  /** Returns all parts, in the order in which they were created. */
  parts(): BatchPart[] {
    return [...this.#parts.values()]
  }

  /** Returns the number of a part, counted from 1 in the order of `parts`. */
  numberOf(part: string): number {
    return [...this.#parts.keys()].indexOf(part) + 1
  }

  /** Returns the part from the source that a part was made from, and after it all parts that were made from that one. */
  familyOf({ part }: Pick<BatchPart, 'part'>): BatchPart[] {
    const [root = part] = part.split('.')
    return this.parts().filter(({ part: name }) => name === root || name.startsWith(`${root}.`))
  }

  get(part: string): BatchPart | undefined {
    return this.#parts.get(part)
  }

  /** Stores a step, then updates the parts in memory. */
  async append(record: StateRecord): Promise<void> {
    await this.#store.append(record)
    this.#apply(record)
  }

  /** Records that the results of all parts have been yielded. */
  async finish(): Promise<void> {
    if (this.parts().some(({ isReported }) => !isReported)) await this.append({ type: 'finished' })
  }

  /** Unlocks the state. */
  async close(): Promise<void> {
    await this.#unlock?.()
  }

  #apply(record: StateRecord): void {
    if (record.type === 'run') this.#run = record
    else if (record.type === 'part') {
      const { type, ...part } = record
      this.#parts.set(part.part, part)
    } else if (record.type === 'finished') {
      for (const part of this.#parts.values()) part.isReported = true
    } else this.#update(record)
  }

  #update(record: RecordOf<'uploaded' | 'sending' | 'refused' | 'created' | 'ended'>): void {
    const part = this.#parts.get(record.part)
    if (!part)
      throw new BatchStateError(`the state has a later record of part ${record.part}, but not its first one`)
    if (record.type === 'uploaded') part.fileId = record.fileId
    else if (record.type === 'sending') part.sending = { seen: record.seen, atMs: record.atMs }
    else if (record.type === 'refused') delete part.sending
    else if (record.type === 'created') {
      part.batchId = record.batchId
      delete part.sending
    } else {
      const { type: _type, part: _part, ...end } = record
      part.end = end
    }
  }
}
