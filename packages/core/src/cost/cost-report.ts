import { OptionError } from '../base/errors.ts'
import {
  addAmounts,
  newAmounts,
  type CostAmounts,
  type CostReportOptions,
  type CostRow,
} from '../reporting/cost-row.ts'
import { OTHER } from '../reporting/label-values.ts'
import type { CostCell, CostTable } from './cost-table.ts'

/**
 * Groups what was spent by the dimensions of a report. Every cell is in exactly one row, so the rows add up to the totals.
 * @returns the rows, those that cost most first
 * @throws OptionError if `by` is not a list of names
 */
export function costReport(table: CostTable, { by = ['target'] }: CostReportOptions): CostRow[] {
  const given: unknown = by
  if (!Array.isArray(given) || !given.every((dimension) => typeof dimension === 'string' && dimension !== ''))
    throw new OptionError('by', "by must be a list of 'model', 'provider', 'target' and names of labels.")
  const rows = new Map<string, { readonly by: Record<string, string> } & CostAmounts>()
  for (const cell of table.cells) {
    const values = by.map((dimension) => valueOf(table, cell, dimension))
    const key = JSON.stringify(values)
    let row = rows.get(key)
    if (!row) {
      const named = Object.fromEntries(by.map((dimension, place) => [dimension, values[place] ?? '']))
      rows.set(key, (row = { by: named, ...newAmounts() }))
    }
    addAmounts(row, cell)
  }
  return [...rows.values()].sort((one, other) => other.spentUsd - one.spentUsd || other.calls - one.calls)
}

function valueOf(table: CostTable, cell: CostCell, dimension: string): string {
  const { target } = cell
  if (dimension === 'target') return target
  const slash = target.indexOf('/')
  if (dimension === 'provider') return slash < 0 ? target : target.slice(0, slash)
  if (dimension === 'model') return slash < 0 && target !== OTHER ? '' : target.slice(slash + 1)
  return table.labelOf(cell, dimension)
}
