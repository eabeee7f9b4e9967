import type { CostTable } from '../cost/cost-table.ts'
import type { Harbor } from '../harbor.ts'
import type { BulkArguments } from './arguments.ts'
import type { HeldJournal } from './held-journal.ts'
import { count, money } from './output/progress-line.ts'
import type { Reporter } from './output/reporter.ts'
import { newCostTable } from './run-costs.ts'
import { RunReport } from './run-report.ts'

/**
 * Reads from the journal what earlier runs spent, if that is needed: for the report, and for the spend limit, which applies
 * to all runs with this journal together.
 * @returns the report of the run; undefined if none is requested
 */
export async function earlierRuns(
  journal: HeldJournal | undefined,
  args: BulkArguments,
  lower: (earlier: CostTable) => void,
): Promise<RunReport | undefined> {
  const isLimited = args.client.spendLimitUsd !== undefined
  const isReported = args.report || args.reportCsv !== undefined
  const isResumed = journal !== undefined && journal.ofRun.size > 0
  const earlier = isResumed && (isReported || isLimited) ? await journal.spent() : newCostTable()
  if (isResumed) lower(earlier)
  return isReported ? new RunReport(earlier) : undefined
}

/** Lowers the spend limit, if there is one, by the known cost of the answers in the journal. */
export function lowerLimit(
  { client: { spendLimitUsd } }: BulkArguments,
  earlier: CostTable,
  client: Harbor,
  reporter: Reporter,
): void {
  if (spendLimitUsd === undefined) return
  const usd = earlier.cells.reduce((sum, { spentUsd }) => sum + spentUsd, 0)
  const unpriced = earlier.cells.reduce((sum, { unpricedCalls }) => sum + unpricedCalls, 0)
  // The limit must be above 0. Answers in the journal are written even if the limit is used up.
  client.configure({ spendLimit: { usd: Math.max(spendLimitUsd - usd, Number.MIN_VALUE), per: 'total' } })
  if (usd > 0)
    reporter.note(`${money({ usd, unpriced: 0 })} of the spend limit was spent on answers of earlier runs.`)
  if (unpriced > 0)
    reporter.note(`${count(unpriced)} answers of earlier runs have no known price, and are not counted.`)
}
