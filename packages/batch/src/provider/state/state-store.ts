import { BatchStateLockedError } from '../errors.ts'

/** One step of a run, as the state stores it. A store must return each record as it was saved. */
export type StateRecord =
  | {
      /** The step `run`: the run begins. This is the first record of a state, and identifies the run. */
      type: 'run'
      /** The version of the format of the state. */
      version: 1
      /** A random id of the run. The batches at the provider carry it in their metadata. */
      run: string
      /** The endpoint of the run, such as `/v1/responses`. Resuming the run with another endpoint throws a BatchStateError. */
      endpoint: string
      /** When the run began, in milliseconds since 1970. */
      startedAtMs: number
    }
  | {
      /**
       * The step `part`: a part, which is one file of requests, is about to be uploaded. Its requests come from the source. If the record has a
       * `parent`, they are requests of that earlier part, submitted again.
       */
      type: 'part'
      /** The id of the part, unique within the run. */
      part: string
      /** The id of the earlier part whose requests are submitted again in this part; null for requests from the source. */
      parent: string | null
      /** How many times these requests were submitted again because their batch had not answered them. */
      round: number
      /** The number of requests in the part. */
      count: number
      /** The input tokens that the requests of the part add to the provider's queue, as estimated. */
      tokens: number
      /**
       * A hash of the ids of the part's requests. After a restart, it shows whether the source still yields the same requests. Empty for a part with
       * a `parent`.
       */
      idsHash: string
      /**
       * For a part with a `parent`, and a vendor that does not store requests: the positions of its requests in the source, as `rowsOf` writes them.
       * Missing for all other parts.
       */
      rows?: string
    }
  | {
      /** The step `uploaded`: the input file of a part is at the provider. */
      type: 'uploaded'
      /** The part that was uploaded. */
      part: string
      /** The id of the part's input file at the provider. */
      fileId: string
    }
  | {
      /**
       * The step `sending`, for a vendor without metadata: the batch of a part is about to be created. Until the step `created` or `refused` follows,
       * it is unknown whether the batch exists.
       */
      type: 'sending'
      /** The part whose batch is being created. */
      part: string
      /** The ids of the newest batches that the provider listed before, at most 3, the newest first. */
      seen: readonly string[]
      /** The time of this machine, in milliseconds since 1970. */
      atMs: number
    }
  | {
      /** The step `refused`: the provider did not create the batch of a part. It may be sent again. */
      type: 'refused'
      /** The part whose batch was refused. */
      part: string
    }
  | {
      /** The step `created`: the provider has created the batch of a part. */
      type: 'created'
      /** The part whose batch was created. */
      part: string
      /** The id of the batch at the provider. */
      batchId: string
    }
  | {
      /** The step `ended`: the batch of a part has ended, whatever its final status. */
      type: 'ended'
      /** The part whose batch ended. */
      part: string
      /** How the batch ended: the provider's status, such as `completed` or `expired`. */
      status: string
      /** The id of the file with the answers; null if there is none. */
      outputFileId: string | null
      /** The id of the file with the errors; null if there is none. */
      errorFileId: string | null
      /** The error code of a batch that failed as a whole; null if there is none. */
      code: string | null
      /** The number of answered requests, according to the provider's counts; missing if the provider does not count. */
      answered?: number
    }
  | {
      /** The step `finished`: the results of all parts have been yielded. A later run may submit the failed requests again. */
      type: 'finished'
    }

/** A store for the steps of a run. Implement this interface to store the steps in a database, for example. */
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
