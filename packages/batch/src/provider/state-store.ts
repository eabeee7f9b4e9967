import { BatchStateLockedError } from './batch-state-locked-error.ts'

/** One step of a run. */
export type StateRecord =
  /** The first one. */
  | { type: 'run'; version: 1; run: string; endpoint: string; startedAtMs: number }
  /** A part is about to be uploaded: of the source, or of a parent whose requests were not all answered. */
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
      /** How many requests were answered, by what the provider counted. */
      answered?: number
    }
  /** All results were given out: what failed until now may be submitted again by a later run. */
  | { type: 'finished' }

/** Where the steps of a run are kept. Give your own to keep them in a database. */
export interface BatchStateStore {
  /**
   * Takes the state for one run. Trap: without it nothing keeps a second run away, which would submit the same requests again.
   *
   * @returns what lets it go, when the run has ended
   * @throws when another run has it
   */
  lock?(): Promise<() => Promise<void>>
  /** All records, in the order in which they were appended. */
  read(): Promise<readonly StateRecord[]>
  /** Resolves once the record is safe. */
  append(record: StateRecord): Promise<void>
}

/** For a run that need not survive its process. */
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
