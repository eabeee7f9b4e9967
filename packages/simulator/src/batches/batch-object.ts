import type { BatchInput, BatchProblem } from './batch-input.ts'
import type { Totals } from './batch-work.ts'

export type BatchStatus =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled'

/** The parameters from the client that created the batch, with the id and the creation time. */
export interface BatchOrder {
  id: string
  endpoint: string
  inputFile: string
  metadata: unknown
  /** When the batch was created, in milliseconds since 1970. */
  createdMs: number
}

/** How long a batch stays in each status, in milliseconds. */
export interface BatchTimes {
  validatingMs: number
  runMs: number
  finalizingMs: number
  cancellingMs: number
}

/** The end of a batch: its final status, time and files. */
export interface BatchEnd {
  status: 'completed' | 'failed' | 'expired' | 'cancelled'
  /** The time from the creation of the batch to its end, in milliseconds. */
  atMs: number
  outputFile: string | null
  errorFile: string | null
  totals: Totals
}

export interface BatchFacts {
  order: BatchOrder
  input: BatchInput
  times: BatchTimes
  status: BatchStatus
  cancelledMs: number | undefined
  problems: readonly BatchProblem[]
  totals: Totals
  end: BatchEnd | undefined
}

/** The age at which a batch expires, in milliseconds. */
export const EXPIRES_AFTER_MS = 86_400_000

/** Returns a batch in the JSON form of /v1/batches. */
export function batchObject({ order, input, times, status, cancelledMs, problems, totals, end }: BatchFacts) {
  const { validatingMs, runMs } = times
  const at = (ageMs: number | undefined) =>
    ageMs === undefined ? null : Math.floor((order.createdMs + ageMs) / 1_000)
  const endedAs = (wanted: BatchStatus) => at(end?.status === wanted ? end.atMs : undefined)
  const ran = status !== 'validating' && status !== 'failed' && (cancelledMs ?? Infinity) >= validatingMs
  const finalized = status === 'finalizing' || status === 'completed' || status === 'expired'
  return {
    id: order.id,
    object: 'batch',
    endpoint: order.endpoint,
    model: input.model || null,
    errors: status === 'failed' ? { object: 'list', data: problems } : null,
    input_file_id: order.inputFile,
    completion_window: '24h',
    status,
    output_file_id: end?.outputFile ?? null,
    error_file_id: end?.errorFile ?? null,
    created_at: at(0),
    in_progress_at: at(ran ? validatingMs : undefined),
    expires_at: at(EXPIRES_AFTER_MS),
    finalizing_at: at(finalized ? validatingMs + runMs : undefined),
    completed_at: endedAs('completed'),
    failed_at: endedAs('failed'),
    expired_at: endedAs('expired'),
    cancelling_at: at(cancelledMs),
    cancelled_at: endedAs('cancelled'),
    request_counts: {
      total: ran ? input.lines.length : 0,
      completed: totals.completed,
      failed: totals.failed,
    },
    usage: {
      input_tokens: totals.input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: totals.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: totals.input + totals.output,
    },
    metadata: order.metadata,
  }
}
