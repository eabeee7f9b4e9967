/**
 * An outage of the first provider, with Harbor and with other clients, one after the other, in real time.
 *
 *     pnpm bench outage                      all of them: a minute each
 *     pnpm bench outage Harbor openai        only these
 *     pnpm bench outage --quick              6 s each, to see whether it runs
 *     pnpm bench outage --write              stores the table and the plot
 */
import type { Contender } from './outage/contender.ts'
import { CONTENDERS } from './outage/contenders.ts'
import { goThrough, warmUp, type Outcome } from './outage/go-through.ts'
import { FULL, QUICK } from './outage/scenario.ts'
import { publish } from './publish.ts'
import { figures, inWords, tableOf, type Table } from './table.ts'
import { openWire } from './wire.ts'

const args = process.argv.slice(2)
const names = args.filter((arg, at) => !arg.startsWith('--') && args[at - 1] !== '--json')
const scenario = args.includes('--quick') ? QUICK : FULL
const chosen = CONTENDERS.filter(({ name }) => names.length === 0 || names.includes(name))

/** The minimum: one request to the healthy provider with undici alone. */
const WIRE: Contender = {
  name: 'the wire alone',
  setup: '`undici.request` to the healthy provider',
  start: ({ fallbackURL }) => {
    const wire = openWire(fallbackURL)
    const body = { model: 'gpt-4', messages: [{ role: 'user', content: 'Say hello.' }] }
    return { call: () => wire.json(body), listen: () => wire.json(body), close: () => wire.close() }
  },
}

const outcomes: Outcome[] = []
if (scenario === FULL) await warmUp(scenario, chosen)
for (const contender of chosen) {
  const outcome = await goThrough(scenario, contender)
  outcomes.push(outcome)
  console.error(`${outcome.name}: ${(100 * outcome.answered).toFixed(1)} % answered`)
}
// Without the first seconds, in which connections are opened.
const wire = await goThrough({ ...scenario, calls: 500, down: { from: 0, to: 60_000 } }, WIRE)
publish('outage', outcomeTable([...outcomes, wire]), { series: overTime(outcomes) })

function outcomeTable(rows: readonly Outcome[]): Table {
  const column = (digits: number, of: (row: Outcome) => number) => figures(digits, rows.map(of))
  const { calls, down } = scenario
  return tableOf({
    [`${inWords(calls)} calls, down from second ${down.from / 1_000} to ${down.to / 1_000}`]: rows.map(
      ({ name }) => name,
    ),
    'answered, %': column(1, ({ answered }) => 100 * answered),
    'upstream calls per call': column(2, ({ upstreamPerCall }) => upstreamPerCall),
    'p50 before, ms': column(1, ({ before }) => before.p50),
    'p99 before, ms': column(1, ({ before }) => before.p99),
    'p50 while down, ms': column(1, ({ during }) => during.p50),
    'p99 while down, ms': column(1, ({ during }) => during.p99),
    'added p99 while down, ms': column(1, ({ during }) => during.p99 - wire.during.p99),
    'p50 after, ms': column(1, ({ after }) => after.p50),
    'p99 after, ms': column(1, ({ after }) => after.p99),
    'CPU per call, µs': column(0, ({ cpuUs }) => cpuUs),
    setup: rows.map(({ setup }) => setup),
  })
}

function overTime(rows: readonly Outcome[]): Table {
  const { down } = scenario
  const moments = rows.flatMap(({ name, overTime }) => overTime.map((moment) => ({ name, ...moment })))
  return tableOf({
    client: moments.map(({ name }) => name),
    second: figures(
      0,
      moments.map(({ second }) => second),
    ),
    down: figures(
      0,
      moments.map(({ second }) => Number(second * 1_000 >= down.from && second * 1_000 < down.to)),
    ),
    'answered, %': figures(
      1,
      moments.map(({ answered }) => 100 * answered),
    ),
    'p99, ms': figures(
      1,
      moments.map(({ p99 }) => p99),
    ),
  })
}
