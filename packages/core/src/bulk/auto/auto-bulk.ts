import { runBulk, type BulkContext, type BulkRun, type BulkSource } from '@harbor/batch'
import { optionsOfRun, type HarborBulkOptions } from '../bulk-options.ts'
import type { BulkAnswer, BulkRequest } from '../bulk-request.ts'
import { packedJournal } from '../packed-journal.ts'
import { tiedTo } from '../tied-run.ts'
import type { AutoItem } from './auto-item.ts'
import { ReportCounter, type AutoBulkReport } from './auto-report.ts'
import type { AutoRun } from './auto-run.ts'
import { checkBatchSettings } from './batch-settings.ts'
import type { AutoParts } from './read-items.ts'

/** A run with `via: 'auto'`. Its loop, `summary`, `progress()`, `stop()` and `abort()` are those of every bulk run. */
export interface AutoBulkRun extends BulkRun<BulkAnswer> {
  /** Returns what the run has done so far: answers and cost by route, what was called over, what was late, and what was left. */
  report(): AutoBulkReport
}

/** All requests of a run may wait for a batch at once. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

/**
 * Answers all requests within a time and a sum of money, as cheaply as can be expected: by batches, at the tier `flex`, in the background, and by
 * direct calls. The steps of the run are stored beside the journal, so that it can be resumed after a crash.
 */
export function autoBulk(
  parts: AutoParts,
  source: BulkSource<BulkRequest>,
  options: HarborBulkOptions,
): AutoBulkRun {
  checkBatchSettings(parts.client, options.providerBatch)
  const journal = packedJournal(options.journal)
  const report = new ReportCounter()
  let isReleased = false
  let auto: AutoRun | undefined
  // Everything else of such a run is loaded when it starts: most clients never start one.
  async function* items(): AsyncGenerator<AutoItem, void, undefined> {
    const late = await import('./late.ts')
    if (isReleased) return
    auto = new late.AutoRun(parts, options, typeof journal === 'string' ? undefined : journal, report)
    yield* auto.items(source)
  }
  // The items come from it.
  const answer = (item: AutoItem, context: BulkContext): Promise<BulkAnswer> =>
    (auto as AutoRun).answer(item, context)
  const run = runBulk<AutoItem, BulkAnswer>(items(), answer, {
    total: lengthOf(source),
    ...optionsOfRun(options),
    ...(options.order === 'input' && { reorderWindow: NO_LIMIT }),
    id: ({ id }) => id,
    concurrency: NO_LIMIT,
    readAhead: 1,
    journal,
  })
  const release = async (): Promise<void> => {
    isReleased = true
    await auto?.release()
  }
  const tied = tiedTo(run, {
    release,
    skipped: () => auto?.skipped ?? 0,
    waitsFor: () => auto?.waitsFor ?? 'source',
  })
  return Object.assign(tied, { report: () => report.read() })
}

/** Returns the number of items of a source that knows it. */
function lengthOf(source: BulkSource<BulkRequest>): number | undefined {
  return Array.isArray(source) ? source.length : source instanceof Set ? source.size : undefined
}
