import type { Latency } from '../latency.ts'
import type { Range } from '../script/range.ts'

/** How /v1/files, /v1/batches and /v1/messages/batches behave: times, limits and faults. Random times are drawn once for each batch. */
export interface BatchScript {
  /** How long a batch remains in the status `validating`, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  validatingMs?: Latency | undefined
  /**
   * How long a batch remains in the status `in_progress`, in milliseconds: a number, or random times (see `Latency`). The lines (requests) of the
   * batch are answered evenly over this time. @default 0
   */
  runMs?: Latency | undefined
  /** How long a batch remains in the status `finalizing`, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  finalizingMs?: Latency | undefined
  /** How long a batch remains in the status `cancelling`, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  cancellingMs?: Latency | undefined
  /**
   * The maximum number of input tokens of all unfinished batches of one model together, at least 1. A batch that would exceed it fails with
   * `token_limit_exceeded`. @default no limit
   */
  enqueuedTokens?: number | undefined
  /** The maximum number of lines in a batch, at least 1; a batch with more fails its validation. @default 50_000, at Anthropic 100_000 */
  maxRequests?: number | undefined
  /**
   * The maximum size of the input file of a batch, in bytes, at least 1; the upload of a larger one gets a 400. At Anthropic, the maximum size of
   * the request that creates a batch; a larger one gets a 413. @default 200_000_000, at Anthropic 256 MiB
   */
  maxFileBytes?: number | undefined
  /** The rules that select a fault for a batch. The first matching rule decides. @default none */
  rules?: readonly BatchRule[] | undefined
}

/** A fault, and the batches that it applies to. The first matching rule of a script decides. */
export interface BatchRule {
  /** The conditions for the fault, all of which must hold. @default every batch */
  when?: BatchCondition | undefined
  /** The fault that matching batches get, or `'ok'` for none. In both cases, later rules are not tried. */
  fault: BatchFault | 'ok'
}

/** Which batches a rule matches. A condition that is left out matches every batch. */
export interface BatchCondition {
  /** Matches the batches with these numbers: one, several, or a range. Batches are counted from 1, in the order of creation. @default every batch */
  batch?: number | readonly number[] | Range | undefined
  /** Matches every n-th batch: 3 matches the batches 3, 6, 9 and so on. @default 1 */
  every?: number | undefined
  /** The probability of a match, from 0 to 1. For the same seed, rule and batch number, the outcome is always the same. @default 1 */
  probability?: number | undefined
}

/** The faults of a batch with a valid input file. `share` and `answered` are fractions of its lines, from 0 to 1. */
export type BatchFault =
  | {
      /** Selects this fault: the batch fails after its validation. */
      type: 'fail'
      /** The code of the error. @default 'internal_error' */
      code?: string | undefined
      /** The message of the error. @default 'The batch could not be processed.' */
      message?: string | undefined
      /** The number of the line that the error names, counted from 1. @default none */
      line?: number | undefined
    }
  | {
      /** Selects this fault: the batch ends as `expired`, after the fraction `answered` of its lines was answered. */
      type: 'expire'
      /** The fraction of the lines that is answered before the batch expires, from 0 to 1. */
      answered: number
    }
  | {
      /**
       * Selects this fault: the batch is cancelled by another client, and ends so after the fraction `answered` of its lines was answered. At
       * Anthropic, the other requests are `canceled`.
       */
      type: 'cancel'
      /** The fraction of the lines that is answered before the cancellation, from 0 to 1. */
      answered: number
    }
  | {
      /** Selects this fault: the batch can no longer be found (404) from `afterMs` milliseconds after its creation. */
      type: 'vanish'
      /** The time from the creation of the batch until it can no longer be found (404), in milliseconds. */
      afterMs: number
    }
  | {
      /**
       * Selects this fault: the fraction `share` of the lines is answered with an error, by default with status 500. If `share` is 1, there is no
       * output file.
       */
      type: 'errors'
      /** The fraction of the lines that gets an error, from 0 to 1. */
      share: number
      /** The HTTP status of these errors, from 400 to 599. @default 500 */
      status?: number | undefined
      /** The code of these errors. @default what the vendor sends with the status */
      code?: string | undefined
    }
  | {
      /**
       * Selects this fault: the batch completes, but the fraction `share` of its lines is missing from both the output and the error file. If `share`
       * is 1, there are no files.
       */
      type: 'lose'
      /** The fraction of the lines that is missing, from 0 to 1. */
      share: number
    }
  | {
      /**
       * Selects this fault: the batch runs `ms` milliseconds longer. If `then` is set, the batch also gets that fault; otherwise it ends normally, or
       * expires after 24 hours.
       */
      type: 'slow'
      /** The time by which the batch takes longer, in milliseconds. */
      ms: number
      /** A fault that the batch gets as well. @default none */
      then?: Exclude<BatchFault, { type: 'slow' }> | undefined
    }

export type BatchFaultType = BatchFault['type']
