import type { RemoteBatch } from './client.ts'

/** How a batch can end. */
export type BatchEnd = 'completed' | 'failed' | 'expired' | 'cancelled'

/** How long a provider may still write the files of a batch after the batch has expired, in milliseconds. */
const EXPIRY_GRACE_MS = 3_600_000

/**
 * Returns how a batch has ended; undefined while it is in progress.
 *
 * A provider may report a status that is not known here. Then other fields show that the batch has ended: the time of its end, a result file, counts
 * that cover all requests, or an expiry more than an hour ago.
 */
export function endOf(batch: Partial<RemoteBatch>, nowMs: number): BatchEnd | undefined {
  const status = String(batch.status).toLowerCase().replaceAll('-', '_')
  const end = ENDS.get(status)
  if (end || IN_PROGRESS.has(status)) return end
  if (batch.cancelled_at) return 'cancelled'
  if (batch.failed_at) return 'failed'
  if (batch.expired_at) return 'expired'
  if (batch.completed_at || fileIdOf(batch.output_file_id) !== null) return 'completed'
  const { total = 0 } = batch.request_counts ?? {}
  if (total > 0 && countedIn(batch) >= total) return 'completed'
  const expiresAt = batch.expires_at
  return typeof expiresAt === 'number' && nowMs > expiresAt * 1_000 + EXPIRY_GRACE_MS ? 'expired' : undefined
}

/** Returns the number of answered requests, with a result or an error, according to the provider's counts. They may be wrong. */
export function countedIn({ request_counts: counts }: Partial<RemoteBatch>): number {
  const sum = (counts?.completed ?? 0) + (counts?.failed ?? 0)
  return Number.isSafeInteger(sum) && sum > 0 ? sum : 0
}

/** Returns the id of a file; null if there is no file. Some providers write "", "none", "null" or "undefined" for a missing file. */
export function fileIdOf(id: unknown): string | null {
  return typeof id === 'string' && !/^\s*(?:null|none|undefined)?\s*$/i.test(id) ? id : null
}

/** Whether an ended batch still lacks result files that it must have. Providers may write the files a little later than the status. */
export function lacksFiles(batch: Partial<RemoteBatch>, end: BatchEnd): boolean {
  if (end === 'failed') return false
  const hasOutput = fileIdOf(batch.output_file_id) !== null
  const hasErrors = fileIdOf(batch.error_file_id) !== null
  const { completed, failed } = batch.request_counts ?? {}
  if (Number(completed) > 0 && !hasOutput) return true
  if (Number(failed) > 0 && !hasErrors) return true
  // A completed batch has answered at least one request.
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

const IN_PROGRESS: ReadonlySet<string> = new Set([
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
