import { BatchStateLockedError } from '../errors.ts'

/** One step of a run, as the state stores it. A store saves and returns records as they are. */
export type StateRecord =
  /** The run begins. This is the first record of a state, and identifies the run. */
  | { type: 'run'; version: 1; run: string; endpoint: string; startedAtMs: number }
  /**
   * A part is about to be uploaded. Its requests come from the source. If the record has a `parent`, they are requests of that earlier part,
   * submitted again.
   */
  | {
      type: 'part'
      part: string
      parent: string | null
      round: number
      count: number
      tokens: number
      idsHash: string
    }
  | { type: 'uploaded'; part: string; fileId: string }
  | { type: 'created'; part: string; batchId: string }
  | {
      type: 'ended'
      part: string
      status: string
      outputFileId: string | null
      errorFileId: string | null
      code: string | null
      /** The number of answered requests, according to the provider's counts. */
      answered?: number
    }
  /** The results of all parts have been yielded. A later run may submit the failed requests again. */
  | { type: 'finished' }

/** A store for the steps of a run. Implement it to store them in a database, for example. */
export interface BatchStateStore {
  /**
   * Locks the state for one run. Beware: without this method, two runs can use the state at once, and submit the same requests twice.
   *
   * @returns a function that unlocks the state, called when the run has ended
   * @throws if another run has locked the state
   */
  lock?(): Promise<() => Promise<void>>
  /** Returns all records, in the order in which they were appended. */
  read(): Promise<readonly StateRecord[]>
  /** Stores a record. Resolves once the record is durable. */
  append(record: StateRecord): Promise<void>
}

/** Creates a store in memory, for runs that no other process will continue. */
export function memoryState(): BatchStateStore {
  const records: StateRecord[] = []
  let isLocked = false
  return {
    async lock() {
      if (isLocked) throw new BatchStateLockedError(undefined, { pid: process.pid, is: 'this' })
      isLocked = true
      return async () => void (isLocked = false)
    },
    read: async () => records,
    append: async (record) => void records.push(record),
  }
}
