import { BatchStateLockedError } from '../errors.ts'

/** One step of a run. */
export type StateRecord =
  /** The first record in the file of a run's state: it identifies the run. */
  | { type: 'run'; version: 1; run: string; endpoint: string; startedAtMs: number }
  /**
   * A part is about to be uploaded. Its requests come from the source. If the record has a `parent`, they are requests
   * of that part, submitted again.
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
      /** The number of answered requests, as the provider counts them. */
      answered?: number
    }
  /** All results were delivered. A later run may submit the failed requests again. */
  | { type: 'finished' }

/** Where the steps of a run are stored. Pass your own to store them in a database. */
export interface BatchStateStore {
  /**
   * Locks the state for one run. Beware: without this method, a second run can submit the same requests again.
   *
   * @returns a function that unlocks the state, called when the run has ended
   * @throws when another run has locked it
   */
  lock?(): Promise<() => Promise<void>>
  /** All records, in the order in which they were appended. */
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
