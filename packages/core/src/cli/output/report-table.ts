import { addAmounts, newAmounts, type CostAmounts, type CostRow } from '../../reporting/cost-row.ts'
import { displayWidth, fitted } from './display-width.ts'
import { count } from './progress-line.ts'

/** The maximum number of rows of the table. The other targets are added up in one row; the CSV has all of them. */
const MAX_ROWS = 50
/** The maximum length of the name of a target, in columns of the terminal. */
const MAX_NAME_COLUMNS = 60
/** The space between two columns of the table. */
const GAP = '   '

interface Column {
  readonly title: string
  readonly valueOf: (row: CostAmounts) => number
  readonly isUsd?: true
  /** Whether the column is left out if all its values are 0. */
  readonly isOptional?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'answers', valueOf: ({ calls }) => calls },
  { title: 'input tokens', valueOf: ({ tokens }) => tokens.inputTokens },
  { title: 'output tokens', valueOf: ({ tokens }) => tokens.outputTokens },
  { title: 'cost', valueOf: ({ spentUsd }) => spentUsd, isUsd: true },
  {
    title: 'saved',
    valueOf: ({ savedUsd: { fallback, cache, batch } }) => fallback + cache + batch,
    isUsd: true,
    isOptional: true,
  },
  { title: 'may be billed', valueOf: (row) => row.possiblyBilledUsd, isUsd: true, isOptional: true },
  { title: 'unknown price', valueOf: (row) => row.unpricedCalls, isOptional: true },
]

/**
 * Returns the report of a run as a table for a terminal, without colours: a row for each target, and one with the totals.
 * @param rows the rows by target, those that cost most first
 */
export function reportTable(rows: readonly CostRow[]): string {
  const total = sumOf(rows)
  const columns = COLUMNS.filter(
    ({ isOptional, valueOf }) => !isOptional || rows.some((row) => valueOf(row) !== 0),
  )
  // Of small costs, more decimal places are shown.
  const places = total.spentUsd < 0.01 ? 6 : 4
  const cellsOf = (name: string, amounts: CostAmounts): string[] => [
    name,
    ...columns.map(({ valueOf, isUsd }) => (isUsd ? usd(valueOf(amounts), places) : count(valueOf(amounts)))),
  ]
  const rest = rows.slice(MAX_ROWS)
  const lines = [
    ['target', ...columns.map(({ title }) => title)],
    ...rows
      .slice(0, MAX_ROWS)
      .map((row) => cellsOf(fitted(row.by['target'] || 'no target', MAX_NAME_COLUMNS), row)),
    ...(rest.length > 0 ? [cellsOf(`${count(rest.length)} other targets`, sumOf(rest))] : []),
    cellsOf('total', total),
  ]
  const widths =
    lines[0]?.map((_, at) => Math.max(...lines.map((cells) => displayWidth(cells[at] ?? '')))) ?? []
  return lines
    .map((cells) => cells.map((cell, at) => padded(cell, widths[at] ?? 0, at === 0)).join(GAP))
    .join('\n')
}

function sumOf(rows: readonly CostAmounts[]): CostAmounts {
  const sum = newAmounts()
  for (const row of rows) addAmounts(sum, row)
  return sum
}

function usd(value: number, places: number): string {
  return `${value < 0 ? '-' : ''}$${Math.abs(value).toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })}`
}

function padded(text: string, width: number, isLeft: boolean): string {
  const space = ' '.repeat(width - displayWidth(text))
  return isLeft ? text + space : space + text
}
