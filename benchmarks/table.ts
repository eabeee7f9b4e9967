/** A table that a bench prints, stores as JSON and draws. */
export interface Table {
  columns: readonly Column[]
  /** The first cell of a row is its name. */
  rows: readonly (readonly Cell[])[]
  /** The goals for its values. */
  goals: readonly Goal[]
}

export interface Column {
  title: string
  /** Printed decimals; JSON has six significant digits. Undefined for a column of words. */
  digits?: number
}

/** Words, a number, a range of numbers, or nothing. */
export type Cell = string | number | readonly [least: number, greatest: number] | null

/** The goal for a value, set before it was measured. */
export interface Goal {
  /** The name of the value. */
  of: string
  unit: string
  digits: number
  got: number
  atMost?: number
  atLeast?: number
  /** A more ambitious goal. */
  aim?: number
}

/** The cells of a column of numbers. */
export interface Figures {
  digits: number
  cells: readonly Cell[]
}

export function figures(
  digits: number,
  values: readonly (number | readonly [number, number] | undefined)[],
): Figures {
  return { digits, cells: values.map(cellOf) }
}

function cellOf(value: number | readonly [number, number] | undefined): Cell {
  if (typeof value === 'object') return [significant(value[0]), significant(value[1])]
  return value === undefined || Number.isNaN(value) ? null : significant(value)
}

const significant = (value: number): number =>
  Number.isInteger(value) ? value : Number(value.toPrecision(6))

/** A table from its columns. The first column has words; an empty column is omitted. */
export function tableOf(columns: Readonly<Record<string, readonly string[] | Figures>>): Table {
  const filled = Object.entries(columns)
    .map(([title, column]) => ({ title, ...('digits' in column ? column : { cells: column }) }))
    .filter(({ cells }) => cells.some((cell) => cell !== '' && cell !== null))
  const rows = (filled[0]?.cells ?? []).map((_, row) => filled.map(({ cells }) => cells[row] ?? null))
  return { columns: filled.map(({ cells: _, ...column }) => column), rows, goals: [] }
}

/**
 * Adds goals to a table: each row with a value in the column `wanted` has a goal, and its result is in the column `got`.
 *
 * @param by the titles of the two columns, and the format of the number
 * @param of returns the name of the value, from the name of the row
 */
export function judged(
  table: Table,
  by: { wanted: string; got: string; unit: string; digits: number; atLeast?: boolean },
  of: (row: string) => string = (row) => row,
): Table {
  const [wanted, got] = [by.wanted, by.got].map((title) =>
    table.columns.findIndex((column) => column.title === title),
  ) as [number, number]
  const goals = table.rows.flatMap((row): Goal[] => {
    const [name, bound, value] = [row[0], row[wanted], row[got]]
    if (typeof name !== 'string' || typeof bound !== 'number' || typeof value !== 'number') return []
    const goal = { of: of(name), unit: by.unit, digits: by.digits, got: value }
    return [by.atLeast ? { ...goal, atLeast: bound } : { ...goal, atMost: bound }]
  })
  return { ...table, goals: [...table.goals, ...goals] }
}

export function isReached({ got, atMost = Infinity, atLeast = -Infinity }: Goal): boolean {
  return got <= atMost && got >= atLeast
}

/** `at most 0.60 ×, aim 0.40` */
export function wantedInWords({ atMost, atLeast, aim, unit, digits }: Goal): string {
  const bound =
    atMost === undefined ? `at least ${inWords(atLeast, digits)}` : `at most ${inWords(atMost, digits)}`
  return `${bound} ${unit}${aim === undefined ? '' : `, aim ${inWords(aim, digits)}`}`
}

/** A table as Markdown. */
export function inMarkdown({ columns, rows }: Table): string {
  const lines = [
    columns.map(({ title }) => title),
    columns.map(({ digits }) => (digits === undefined ? '---' : '---:')),
    ...rows.map((row) => row.map((cell, column) => cellInWords(cell, columns[column]?.digits))),
  ]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
    .join('\n')
}

function cellInWords(cell: Cell, digits: number | undefined): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number') return inWords(cell, digits)
  return `${inWords(cell[0], digits)} to ${inWords(cell[1], digits)}`
}

/** `1234.5` as `1,235`. */
export function inWords(value: number | undefined, digits = 0): string {
  return (
    value?.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }) ?? ''
  )
}

/** The median; the upper one of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}
