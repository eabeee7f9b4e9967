import { stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { BulkResult } from '@harbor/batch'
import type { BulkAnswer } from '../bulk/bulk-request.ts'
import { costReport } from '../cost/cost-report.ts'
import type { CostTable } from '../cost/cost-table.ts'
import { addAmounts, newAmounts, type CostAmounts, type CostRow } from '../reporting/cost-row.ts'
import { NO_LABELS } from '../reporting/labels.ts'
import { toCsv } from '../reporting/to-csv.ts'
import type { BulkArguments } from './arguments.ts'
import type { RunCosts } from './run-costs.ts'
import { refuseReportAliases } from './input/aliases.ts'
import { failureOf, isFileSystemError, type RunFailure, UnwritableFileError } from './failure.ts'
import { UsageError } from './options.ts'

/** What a run cost, the earlier runs with the same journal included. */
export class RunReport {
  /** The money and answers of the earlier runs, and the answers of this run. `RunCosts` has the money of this run. */
  readonly #table: CostTable
  /** The money that the earlier runs spent, in US dollars. */
  readonly earlierUsd: number

  /** @param earlier what the earlier runs spent, from the journal. The report adds to it */
  constructor(earlier: CostTable) {
    this.#table = earlier
    this.earlierUsd = earlier.cells.reduce((sum, { spentUsd }) => sum + spentUsd, 0)
  }

  /** Counts a result of the run. Those of earlier runs are counted already. */
  note(result: BulkResult<BulkAnswer>): void {
    if (result.ok && !result.resumed) this.#table.cellOf(result.value.target, NO_LABELS).calls++
  }

  /** Returns a row for each target, those that cost most first. `calls` is the number of answers. */
  rows(costs: RunCosts): readonly CostRow[] {
    const rows = new Map<string, { readonly by: CostRow['by'] } & CostAmounts>()
    const ofRun = costs.rows('target').map((row) => ({ ...row, calls: 0 }))
    for (const row of [...costReport(this.#table, { by: ['target'] }), ...ofRun]) {
      const target = row.by['target'] ?? ''
      const sum = rows.get(target) ?? { by: row.by, ...newAmounts() }
      rows.set(target, sum)
      addAmounts(sum, row)
    }
    return [...rows.values()]
      .filter(isOfAnswers)
      .sort((one, other) => other.spentUsd - one.spentUsd || other.calls - one.calls)
  }
}

/**
 * Whether a row belongs to answers. A target that neither answered nor cost anything says nothing, and the requests that submit
 * a batch name no model: its answers have the price.
 */
function isOfAnswers({ by, calls, spentUsd, possiblyBilledUsd, unpricedCalls }: CostRow): boolean {
  if (by['target']?.includes('/') === false) return calls > 0
  return [calls, spentUsd, possiblyBilledUsd, unpricedCalls].some((value) => value !== 0)
}

/** Returns the number of answers of this run whose price is unknown. The requests that submit a batch do not count. */
export function unpricedAnswers(costs: RunCosts): number {
  const rows = costs.rows('model')
  return rows.reduce((sum, { by, unpricedCalls }) => sum + (by['model'] === '' ? 0 : unpricedCalls), 0)
}

/** Checks, before a run, that its report can be written, and replaces no other file of the run. @throws UsageError otherwise */
export async function checkReportFile(
  path: string,
  { input, out }: Pick<BulkArguments, 'input' | 'out'>,
): Promise<void> {
  await refuseReportAliases(path, input, out)
  const folder = dirname(resolve(path))
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new UsageError(`the folder of --report-csv does not exist: ${folder}. Make it first.`)
  if ((await stat(path).catch(() => undefined))?.isDirectory())
    throw new UsageError(`--report-csv must be a file, and ${path} is a directory.`)
}

/**
 * Writes the report as CSV. Replaces the report of an earlier run.
 * @returns the failure if the file cannot be written. The answers are not affected by it
 */
export async function writeReport(path: string, rows: readonly CostRow[]): Promise<RunFailure | undefined> {
  try {
    await writeFile(path, toCsv(rows), { mode: 0o600 })
    return undefined
  } catch (error) {
    return failureOf(isFileSystemError(error) ? new UnwritableFileError(path, error) : error)
  }
}
