import type { RequestLines } from './request-lines.ts'
import type { BatchPart } from './state/ledger.ts'

/** A part of the requests for which no batch is known yet. */
export interface PendingPart {
  part: BatchPart
  /** Reads the requests of the part as encoded lines, for the upload. */
  lines: () => Promise<RequestLines>
  /** Whether an earlier process may have created the batch of this part already. */
  resumed: boolean
}
