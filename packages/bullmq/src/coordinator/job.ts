import type { JobData } from '../wire/job-data.ts'
import type { Outcome } from '../wire/outcome.ts'

/** A job on its way to Redis, or there. */
export interface Job {
  readonly jobId: string
  readonly data: JobData
  /** Whether Redis has confirmed that it has the job. */
  isAdded: boolean
  /** The characters by which the job counts as being in Redis; 0 before it is sent there, and when it has ended. */
  queuedLength: number
}

/** An item that workers have, or will get. */
export interface Pending {
  readonly job: Job
  /** Passes the outcome to the call that waits for it. */
  readonly end: (outcome: Outcome) => void
}
