import type { Latency } from '../latency.ts'
import type { Range } from '../script.ts'

/** How /v1/files and /v1/batches behave. Times are drawn once for each batch. */
export interface BatchScript {
  /** Time in `validating`, in milliseconds. @default 0 */
  validatingMs?: Latency | undefined
  /** Time in `in_progress`, in milliseconds; lines are answered evenly over it. @default 0 */
  runMs?: Latency | undefined
  /** Time in `finalizing`, in milliseconds. @default 0 */
  finalizingMs?: Latency | undefined
  /** Time in `cancelling`, in milliseconds. @default 0 */
  cancellingMs?: Latency | undefined
  /** Input tokens, of one model, in batches that have not ended; a batch that would pass it fails with `token_limit_exceeded`. @default no limit */
  enqueuedTokens?: number | undefined
  /** Lines in a batch at most. @default 50_000 */
  maxRequests?: number | undefined
  /** The largest file for a batch, in bytes. @default 200_000_000 */
  maxFileBytes?: number | undefined
  /** What goes wrong with which batch. The first rule that matches it decides. @default none */
  rules?: readonly BatchRule[] | undefined
}

/** A fault, and the batches it is for. */
export interface BatchRule {
  /** All conditions must hold. @default every batch */
  when?: BatchCondition | undefined
  fault: BatchFault | 'ok'
}

export interface BatchCondition {
  /** Batch numbers, from 1, in the order of creation. */
  batch?: number | readonly number[] | Range | undefined
  /** Every n-th batch. */
  every?: number | undefined
  /** Chance between 0 and 1. It depends on the seed, the rule and the batch's number alone. */
  probability?: number | undefined
}

/** What can go wrong with a batch that is in order. Shares are of its lines, from 0 to 1. */
export type BatchFault =
  /** It fails after validation. */
  | { type: 'fail'; code?: string | undefined; message?: string | undefined; line?: number | undefined }
  /** It expires at the end of its run, with a share of its lines answered. */
  | { type: 'expire'; answered: number }
  /** So many milliseconds after its creation, nobody knows it any more (404). */
  | { type: 'vanish'; afterMs: number }
  /** A share of the lines is answered with an error: 500, unless `status` says otherwise. All of them: there is no output file. */
  | { type: 'errors'; share: number; status?: number | undefined; code?: string | undefined }
  /** It completes, but a share of the lines is in neither file. All of them: there are no files. */
  | { type: 'lose'; share: number }
  /** It runs so many milliseconds longer; then the other fault, or a good end. */
  | { type: 'slow'; ms: number; then?: Exclude<BatchFault, { type: 'slow' }> | undefined }

export type BatchFaultType = BatchFault['type']
