/**
 * An outage of the first provider, gone through by Harbor and by others, one after the other, in real time.
 *
 *     pnpm bench outage                      all of them: a minute each
 *     pnpm bench outage Harbor openai        only these
 *     pnpm bench outage --quick              6 s each: whether it runs
 *     pnpm bench outage --write              keeps the table in benchmarks/outage/README.md
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { CONTENDERS, type Contender } from './outage/contenders.ts'
import { goThrough, type Outcome } from './outage/go-through.ts'
import { FULL, QUICK, type Scenario } from './outage/scenario.ts'

const args = process.argv.slice(2)
const names = args.filter((arg) => !arg.startsWith('--'))
const scenario = args.includes('--quick') ? QUICK : FULL
const chosen = CONTENDERS.filter(({ name }) => names.length === 0 || names.includes(name))

/** The floor: one request on the wire to the provider that is always well, by nothing but undici. */
const WIRE: Contender = {
  name: 'the wire alone',
  setup: 'undici.request to the fallback',
  start: ({ fallbackURL }) => ({
    call: async () => {
      const body = JSON.stringify({ model: 'gpt-4', messages: [{ role: 'user', content: 'Say hello.' }] })
      const headers = { 'content-type': 'application/json', authorization: 'Bearer simulated' }
      const answer = await request(`${fallbackURL}/chat/completions`, { method: 'POST', headers, body })
      return answer.body.text()
    },
  }),
}

// Its first seconds, in which connections are made, are left out.
const wire = await goThrough({ ...scenario, calls: 500, down: { from: 0, to: 60_000 } }, WIRE)
const outcomes: Outcome[] = []
for (const contender of chosen) {
  const outcome = await goThrough(scenario, contender)
  outcomes.push(outcome)
  console.error(`${outcome.name}: ${outcome.answered} of ${scenario.calls}`)
}
const table = tableOf(scenario, outcomes, wire)
console.log(table)
console.log(JSON.stringify({ scenario, wire, outcomes }))
if (args.includes('--write')) writeFileSync(join(import.meta.dirname, 'outage', 'README.md'), readme(table))

function tableOf({ calls }: Scenario, rows: readonly Outcome[], floor: Outcome): string {
  const ms = (value: number): string => value.toFixed(1)
  const lines = rows.map((row) =>
    [
      row.name,
      `${row.answered} of ${calls}`,
      row.upstreamPerCall.toFixed(2),
      `${ms(row.before.p50)} / ${ms(row.before.p99)}`,
      `${ms(row.during.p50)} / ${ms(row.during.p99)}`,
      ms(row.during.p99 - floor.during.p99),
      `${ms(row.after.p50)} / ${ms(row.after.p99)}`,
      row.cpuUs.toFixed(0),
      row.setup,
    ].join(' | '),
  )
  return [
    '| | answered | upstream calls per call | before, p50 / p99 ms | down, p50 / p99 ms | added p99 while down, ms | after, p50 / p99 ms | CPU per call, µs | set up with |',
    '|---|---|---|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
    '',
    `The wire alone (undici.request to a provider that is well, in the same run): ${ms(floor.during.p50)} / ${ms(floor.during.p99)} ms.`,
  ].join('\n')
}

function readme(table: string): string {
  const { calls, perSecond, down, errors, latencyMs } = scenario
  return `# An outage, gone through

${calls} calls at ${perSecond} a second, at a steady pace whatever becomes of them. The first provider answers 503, at once, from second
${down.from / 1_000} to second ${down.to / 1_000}, and 500 to ${100 * errors} % of its calls at other times; the second one is always well. Both take ${latencyMs} ms.
"Down" leaves out the first two seconds of the outage, in which it is found out. Latencies are of answered calls.

${table}

\`pnpm bench outage --write\` has written this, with Node ${process.versions.node} on ${cpus().length} shared cores (${cpus()[0]?.model.trim() ?? 'unknown'}).
`
}
