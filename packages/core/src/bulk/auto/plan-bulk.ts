import { FingerprintMismatchError, readJournal, type BulkSource, type Journal } from '@harbor/batch'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { BulkRequest } from '../bulk-request.ts'
import { DAY_MS, DEFAULT_CONCURRENCY, HOUR_MS } from './auto-routes.ts'
import type { BulkPlan } from './bulk-plan.ts'
import { makePlan } from './make-plan.ts'
import { Pace } from './pace.ts'
import { limitPerMs, readItems, type AutoParts } from './read-items.ts'
import { readHistory } from './route-log.ts'
import { RunMoney } from './run-money.ts'
import { RESERVE_PART } from './schedule.ts'

/**
 * Returns what a run with these options would do, and what it may cost. Sends nothing, and changes no file.
 * @throws OptionError for a request that a bulk run cannot send; DuplicateIdError for an id that came before; FingerprintMismatchError for the
 * journal of another run
 */
export async function planBulk(
  parts: AutoParts,
  source: BulkSource<BulkRequest>,
  options: HarborBulkOptions,
): Promise<BulkPlan> {
  const { concurrency = DEFAULT_CONCURRENCY, deadlineMs = DAY_MS, maxUsd, typicalBatchMs = HOUR_MS } = options
  const { items } = await readItems(parts, source, options)
  const { journal, fingerprint } = options
  const path = typeof journal === 'string' ? journal : journal?.path
  const history = path === undefined ? undefined : readHistory(`${path}.routes`)
  const isAnswered = await answeredIn(journal, fingerprint)
  const open = items.filter(({ id }) => !isAnswered(id))
  const startedAt = history?.startedAt ?? Date.now()
  const deadlineAt = history?.deadlineAt ?? startedAt + deadlineMs
  const pace = new Pace({ concurrency, limitPerMs: () => limitPerMs(parts, open) })
  const money = new RunMoney(parts, maxUsd, history?.spentUsd ?? 0)
  const answered = items.length - open.length
  const reserveMs = RESERVE_PART * (deadlineAt - startedAt)
  return makePlan({ items: open, answered, pace, money, deadlineAt, reserveMs, typicalBatchMs })
}

/** Returns a function that says whether an id has an answer in a journal. The file is only read: another process may be using it. */
async function answeredIn(
  given: Journal | string | undefined,
  fingerprint: string | undefined,
): Promise<(id: string) => boolean> {
  if (given === undefined) return () => false
  if (typeof given === 'string') {
    if (!process.getBuiltinModule('node:fs').existsSync(given)) return () => false
    return (await readJournal(given, fingerprint)).has
  }
  // A journal without a key has not begun a run.
  if (given.key !== undefined && given.fingerprint !== fingerprint)
    throw new FingerprintMismatchError(given.path, given.fingerprint, fingerprint)
  return (id) => given.has(id)
}
