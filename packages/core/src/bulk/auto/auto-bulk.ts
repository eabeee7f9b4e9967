import { openJournal, runBulk, type BulkRun, type BulkSource, type Journal } from '@harbor/batch'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { BulkAnswer, BulkRequest } from '../bulk-request.ts'
import { packedJournal } from '../packed-journal.ts'
import { tiedTo } from '../tied-run.ts'
import type { AutoItem } from './auto-item.ts'
import type { AutoBulkReport } from './auto-report.ts'
import { DAY_MS, DEFAULT_CONCURRENCY, HOUR_MS } from './auto-routes.ts'
import { AutoRun } from './auto-run.ts'
import { checkBatchSettings } from './batch-route.ts'
import type { BulkPlan } from './bulk-plan.ts'
import { makePlan } from './make-plan.ts'
import { Pace } from './pace.ts'
import { limitPerMs, readItems, type AutoParts } from './read-items.ts'
import { readHistory } from './route-log.ts'
import { RunMoney } from './run-money.ts'
import { RESERVE_PART } from './schedule.ts'

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
  const { onDuplicateId: _onDuplicateId, fingerprint, stopWhen, signal, total } = options
  const journal = packedJournal(options.journal)
  const auto = new AutoRun(parts, options, typeof journal === 'string' ? undefined : journal)
  const run = runBulk<AutoItem, BulkAnswer>(auto.items(source), auto.answer, {
    id: ({ id }) => id,
    concurrency: NO_LIMIT,
    readAhead: 1,
    journal,
    fingerprint,
    stopWhen,
    signal,
    total: total ?? lengthOf(source),
  })
  const tied = tiedTo(run, { release: () => auto.release(), skipped: () => auto.skipped })
  return Object.assign(tied, { report: () => auto.report() })
}

/** Returns the number of items of a source that knows it. */
function lengthOf(source: BulkSource<BulkRequest>): number | undefined {
  return Array.isArray(source) ? source.length : source instanceof Set ? source.size : undefined
}

/**
 * Returns what a run with these options would do, and what it may cost. Sends nothing, and changes no file.
 * @throws OptionError for a request that a bulk run cannot send; DuplicateIdError for an id that came before
 */
export async function planBulk(
  parts: AutoParts,
  source: BulkSource<BulkRequest>,
  options: HarborBulkOptions,
): Promise<BulkPlan> {
  checkBatchSettings(parts.client, options.providerBatch)
  const { concurrency = DEFAULT_CONCURRENCY, deadlineMs = DAY_MS, maxUsd, typicalBatchMs = HOUR_MS } = options
  const { items } = await readItems(parts, source, options)
  const given = options.journal
  const path = typeof given === 'string' ? given : given?.path
  const history = path === undefined ? undefined : readHistory(`${path}.routes`)
  const isAnswered = await answeredIn(given)
  const open = items.filter(({ id }) => !isAnswered(id))
  const startedAt = history?.startedAt ?? Date.now()
  const deadlineAt = history?.deadlineAt ?? startedAt + deadlineMs
  const pace = new Pace({ concurrency, limitPerMs: () => limitPerMs(parts, open) })
  const money = new RunMoney(parts, maxUsd, history?.spentUsd ?? 0)
  const answered = items.length - open.length
  const reserveMs = RESERVE_PART * (deadlineAt - startedAt)
  return makePlan({ items: open, answered, pace, money, deadlineAt, reserveMs, typicalBatchMs })
}

/** Returns a function that says whether an id has an answer in a journal. A journal that does not exist is not created. */
async function answeredIn(given: Journal | string | undefined): Promise<(id: string) => boolean> {
  if (given === undefined) return () => false
  if (typeof given !== 'string') return (id) => given.has(id)
  if (!process.getBuiltinModule('node:fs').existsSync(given)) return () => false
  const journal = await openJournal(given)
  await journal.close()
  return (id) => journal.has(id)
}
