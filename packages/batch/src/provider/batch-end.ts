import type { RemoteBatch } from './client.ts'

/** How a batch can end. */
export type BatchEnd = 'completed' | 'failed' | 'expired' | 'cancelled'

/** Long enough for a provider to write the files of a batch that ran out of time. */
const GRACE_MS = 3_600_000

/**
 * How a batch has ended; undefined while it goes on.
 *
 * A status that is not known may mean either. Then the facts decide: the time of its end, a file of results, counts that are complete, or that it is
 * long past its time.
 */
export function endOf(batch: Partial<RemoteBatch>, nowMs: number): BatchEnd | undefined {
  const status = String(batch.status).toLowerCase().replaceAll('-', '_')
  const end = ENDS.get(status)
  if (end || GOES_ON.has(status)) return end
  if (batch.cancelled_at) return 'cancelled'
  if (batch.failed_at) return 'failed'
  if (batch.expired_at) return 'expired'
  if (batch.completed_at || fileIdOf(batch.output_file_id) !== null) return 'completed'
  const { total = 0 } = batch.request_counts ?? {}
  if (total > 0 && countedIn(batch) >= total) return 'completed'
  const expiresAt = batch.expires_at
  return typeof expiresAt === 'number' && nowMs > expiresAt * 1_000 + GRACE_MS ? 'expired' : undefined
}

/** How many requests have been answered, well or with an error, by what the batch says; it may be wrong. */
export function countedIn({ request_counts: counts }: Partial<RemoteBatch>): number {
  const sum = (counts?.completed ?? 0) + (counts?.failed ?? 0)
  return Number.isSafeInteger(sum) && sum > 0 ? sum : 0
}

/** The id of a file; null for none, in whatever spelling. */
export function fileIdOf(id: unknown): string | null {
  return typeof id === 'string' && !/^\s*(?:null|none|undefined)?\s*$/i.test(id) ? id : null
}

/** Whether files that an ended batch must have are not there yet: providers write them a little later than its status. */
export function lacksFiles(batch: Partial<RemoteBatch>, end: BatchEnd): boolean {
  if (end === 'failed') return false
  const hasOutput = fileIdOf(batch.output_file_id) !== null
  const hasErrors = fileIdOf(batch.error_file_id) !== null
  const { completed, failed } = batch.request_counts ?? {}
  if (Number(completed) > 0 && !hasOutput) return true
  if (Number(failed) > 0 && !hasErrors) return true
  // A batch that is complete has answered something.
  return end === 'completed' && !hasOutput && !hasErrors
}

const ENDS: ReadonlyMap<string, BatchEnd> = new Map<string, BatchEnd>([
  ['completed', 'completed'],
  ['complete', 'completed'],
  ['succeeded', 'completed'],
  ['success', 'completed'],
  ['ended', 'completed'],
  ['done', 'completed'],
  ['failed', 'failed'],
  ['error', 'failed'],
  ['expired', 'expired'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
])

const GOES_ON: ReadonlySet<string> = new Set([
  'validating',
  'queued',
  'pending',
  'running',
  'in_progress',
  'processing',
  'finalizing',
  'cancelling',
  'canceling',
])
