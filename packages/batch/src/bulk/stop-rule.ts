import type { BulkOptions } from './bulk-options.ts'
import type { BulkSummary } from './bulk-run.ts'

const MIN_SAMPLES = 20

/** Whether a run has failed often enough to be stopped, and by which bound. */
export function stopsBy(
  rule: NonNullable<BulkOptions<unknown>['stopWhen']>,
  { ok, failed }: { ok: number; failed: number },
): BulkSummary['stoppedBy'] {
  const { failures = Infinity, failureRate = Infinity, minSamples = MIN_SAMPLES } = rule
  if (failed >= failures) return 'failures'
  const samples = ok + failed
  return samples >= minSamples && failed >= failureRate * samples ? 'failureRate' : undefined
}
