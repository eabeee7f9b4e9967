import type { BulkResult } from '@harbor/batch'
import type { BulkAnswer } from '../bulk/bulk-request.ts'
import { costReport } from '../cost/cost-report.ts'
import { CostTable } from '../cost/cost-table.ts'
import type { Harbor } from '../harbor.ts'
import { TOKEN_CLASSES, type CostRow } from '../reporting/cost-row.ts'
import { LabelValues } from '../reporting/label-values.ts'
import { NO_LABELS } from '../reporting/labels.ts'

/** What a run costs while it runs. */
export interface RunCosts {
  /** What was spent on answers with a known price, in US dollars. */
  readonly spentUsd: number
  /** The number of calls that wait for a rate limit. */
  readonly heldBack: number
  /** Called with each result of the run. */
  note(result: BulkResult<BulkAnswer>): void
  /** Returns a row for each target, or for each model. */
  rows(by: 'target' | 'model'): readonly CostRow[]
}

/** The costs of a run whose calls a client of this process makes: it also knows what failed calls may have cost. */
export function costsOfClient(client: Harbor): RunCosts {
  return {
    get spentUsd() {
      return client.stats().cost.spentUsd
    },
    get heldBack() {
      const { limits } = client.stats()
      return Object.values(limits).reduce((sum, { rate }) => sum + rate.waiting, 0)
    },
    note: () => undefined,
    rows: (by) => client.costReport({ by: [by] }),
  }
}

/** The costs of a run whose calls workers make: what its answers cost. */
export function costsOfAnswers(): RunCosts {
  const table = newCostTable()
  let spentUsd = 0
  return {
    get spentUsd() {
      return spentUsd
    },
    heldBack: 0,
    note(result) {
      if (!result.ok || result.resumed) return
      countAnswer(table, result.value)
      spentUsd += isAmount(result.value.usd) ? result.value.usd : 0
    },
    rows: (by) => costReport(table, { by: [by] }),
  }
}

/** Creates an empty table of costs by target. */
export function newCostTable(): CostTable {
  return new CostTable(new LabelValues())
}

/** The cache states of answers that were sent by a provider for this request. All other answers cost nothing. */
const FROM_PROVIDER: readonly BulkAnswer['cache'][] = ['miss', 'bypass']

/** Adds what an answer cost to a table. The answer is of a file or of another process, so nothing of it is certain. */
export function countAnswer(table: CostTable, value: unknown): void {
  const { target, usd, usage, cache = 'miss' } = Object(value) as Partial<BulkAnswer>
  const cell = table.cellOf(typeof target === 'string' ? target : '', NO_LABELS)
  cell.calls++
  if (isAmount(usd)) cell.spentUsd += usd
  if (!usage || !FROM_PROVIDER.includes(cache)) return
  if (!isAmount(usd)) cell.unpricedCalls++
  for (const name of TOKEN_CLASSES) if (isAmount(usage[name])) cell.tokens[name] += usage[name]
}

/** Whether a value is a number that can be added up. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Infinity
}
