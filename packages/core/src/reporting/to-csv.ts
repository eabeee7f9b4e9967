import { TOKEN_CLASSES, type CostRow } from './cost-row.ts'

/** The columns with numbers, after those of the dimensions. */
const COLUMNS: readonly (readonly [name: string, numberOf: (row: CostRow) => number])[] = [
  ['calls', ({ calls }) => calls],
  ...TOKEN_CLASSES.map((name) => [name, ({ tokens }: CostRow) => tokens[name]] as const),
  ['spentUsd', ({ spentUsd }) => spentUsd],
  ['savedByFallbackUsd', ({ savedUsd }) => savedUsd.fallback],
  ['savedByCacheUsd', ({ savedUsd }) => savedUsd.cache],
  ['savedByBatchUsd', ({ savedUsd }) => savedUsd.batch],
  ['possiblyBilledUsd', ({ possiblyBilledUsd }) => possiblyBilledUsd],
  ['unpricedCalls', ({ unpricedCalls }) => unpricedCalls],
]

/**
 * Converts the rows of `harbor.costReport()` to CSV (RFC 4180): a header, and one line for each row, separated by CRLF. The columns are the
 * dimensions of the rows, and then always the same numbers in the same order. Numbers have a decimal point and no exponent. A text that a
 * spreadsheet would take for a formula begins with an apostrophe.
 * @param rows the rows of one report
 */
export function toCsv(rows: readonly CostRow[]): string {
  const dimensions = [...new Set(rows.flatMap(({ by }) => Object.keys(by)))]
  const names = new Set(COLUMNS.map(([name]) => name))
  // A label may have the name of a number.
  const header = dimensions.map((name) => (names.has(name) ? `label ${name}` : name))
  const lines = [
    [...header.map(fieldOf), ...names],
    ...rows.map((row) => [
      ...dimensions.map((name) => fieldOf(row.by[name] ?? '')),
      ...COLUMNS.map(([, numberOf]) => plain(numberOf(row))),
    ]),
  ]
  return lines.map((fields) => `${fields.join(',')}\r\n`).join('')
}

/** Spreadsheets take a text that begins with one of these for a formula: https://owasp.org/www-community/attacks/CSV_Injection. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/

function fieldOf(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** The number of decimal places, so that the sum of many small costs stays exact to far below a cent. */
const PLACES = 12

/** Writes a number without an exponent, and without zeros at its end. */
function plain(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString()
  const text = value.toFixed(PLACES).replace(/\.?0+$/, '')
  return text === '-0' ? '0' : text
}
