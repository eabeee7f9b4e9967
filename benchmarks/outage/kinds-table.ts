import { figures, tableOf, type Table } from '../table.ts'
import type { Latency, Outcome } from './go-through.ts'

export interface KindOutcome extends Outcome {
  /** What the first provider does while it is down. */
  readonly kind: string
}

/** The name of the contender with which the others are compared. */
const OURS = 'Harbor for ai'

/** A row for each kind of outage and each client. Ratios are of the client, divided by Harbor in the same kind of outage. */
export function kindsTable(rows: readonly KindOutcome[]): Table {
  const column = (digits: number, of: (row: KindOutcome) => number) => figures(digits, rows.map(of))
  const vsOurs = (of: (row: KindOutcome) => number) =>
    column(2, (row) => {
      const ours = rows.find(({ kind, name }) => kind === row.kind && name === OURS)
      return ours && ours.name !== row.name ? of(row) / of(ours) : NaN
    })
  const p99 = (phase: 'before' | 'during' | 'after') => (row: { readonly [key in typeof phase]: Latency }) =>
    row[phase].p99
  return tableOf({
    'while down, the first provider': rows.map(({ kind }) => kind),
    client: rows.map(({ name }) => name),
    'answered, %': column(1, ({ answered }) => 100 * answered),
    'upstream calls per call': column(3, ({ upstreamPerCall }) => upstreamPerCall),
    'of them to the first provider, %': column(0, ({ toFirst }) => 100 * toFirst),
    'p50 before, ms': column(1, ({ before }) => before.p50),
    'p99 before, ms': column(1, p99('before')),
    'p50 while down, ms': column(1, ({ during }) => during.p50),
    'p99 while down, ms': column(1, p99('during')),
    'p50 after, ms': column(1, ({ after }) => after.p50),
    'p99 after, ms': column(1, p99('after')),
    'upstream calls, × Harbor': vsOurs(({ upstreamPerCall }) => upstreamPerCall),
    'p99 before, × Harbor': vsOurs(p99('before')),
    'p99 while down, × Harbor': vsOurs(p99('during')),
    'p99 after, × Harbor': vsOurs(p99('after')),
  })
}
