import type { Latency } from '../latency.ts'
import type { Range } from '../script/range.ts'

/** How /v1/files and /v1/batches behave. Times are drawn once per batch. */
export interface BatchScript {
  /** Time in `validating`, in milliseconds. @default 0 */
  validatingMs?: Latency | undefined
  /** Time in `in_progress`, in milliseconds; lines are answered evenly over it. @default 0 */
  runMs?: Latency | undefined
  /** Time in `finalizing`, in milliseconds. @default 0 */
  finalizingMs?: Latency | undefined
  /** Time in `cancelling`, in milliseconds. @default 0 */
  cancellingMs?: Latency | undefined
  /** The maximum input tokens of one model in unfinished batches. A batch beyond it fails with `token_limit_exceeded`. @default no limit */
  enqueuedTokens?: number | undefined
  /** The maximum lines in a batch. @default 50_000 */
  maxRequests?: number | undefined
  /** The largest file for a batch, in bytes. @default 200_000_000 */
  maxFileBytes?: number | undefined
  /** Which batches get which fault. The first matching rule decides. @default none */
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
  /** A probability from 0 to 1. It depends only on the seed, the rule and the number of the batch. */
  probability?: number | undefined
}

/** Faults of a valid batch. `share` and `answered` are shares of its lines, from 0 to 1. */
export type BatchFault =
  /** The batch fails after validation. */
  | { type: 'fail'; code?: string | undefined; message?: string | undefined; line?: number | undefined }
  /** The batch expires at the end of its run, with a share of its lines answered. */
  | { type: 'expire'; answered: number }
  /** The batch is gone (404) from this many milliseconds after its creation. */
  | { type: 'vanish'; afterMs: number }
  /**
   * A share of the lines is answered with an error, by default with status 500. With share 1 there is no output file.
   */
  | { type: 'errors'; share: number; status?: number | undefined; code?: string | undefined }
  /** The batch completes, but a share of the lines is in neither file. With share 1 there are no files. */
  | { type: 'lose'; share: number }
  /** The batch runs this many milliseconds longer. Then it gets the fault `then` or, without one, ends normally. */
  | { type: 'slow'; ms: number; then?: Exclude<BatchFault, { type: 'slow' }> | undefined }

export type BatchFaultType = BatchFault['type']
