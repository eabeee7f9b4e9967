/**
 * A league table: what each client makes of every fault that a provider may have, while a second provider is well.
 *
 *     pnpm bench league                   all clients
 *     pnpm bench league Harbor openai     only these
 *     pnpm bench league --write           stores the tables
 */
import { startSimulator } from '@harbor/simulator'
import { SCENARIOS, type Form, type Result, type Scenario } from './league/scenarios.ts'
import { VENDORS } from './league/vendors.ts'
import type { Contender } from './outage/contender.ts'
import { CONTENDERS } from './outage/contenders.ts'
import { publish } from './publish.ts'
import { figures, tableOf, type Table } from './table.ts'

/** The longest wait that every client is configured with. A client that waits four times as long hangs. */
const TIMEOUT_MS = 2_000
const HUNG_MS = 4 * TIMEOUT_MS
const AT_ONCE = 4
const WELL: Scenario = {
  what: 'no fault',
  forms: [],
  fault: { type: 'sequence', faults: [] },
  wanted: 'answered',
}
const SAYS = {
  primary: 'Here is the answer of the first provider, from its beginning to its very end.',
  backup: 'Another provider has answered instead, and this is all that it has to say.',
}

interface Played {
  readonly scenario: Scenario
  readonly form: Form
  readonly result: Result
  readonly requests: number
}

const args = process.argv.slice(2)
const names = args.filter((arg, at) => !arg.startsWith('--') && args[at - 1] !== '--json')
const chosen = [...CONTENDERS, ...VENDORS].filter(({ name }) => names.length === 0 || names.includes(name))

const played = new Map<string, readonly Played[]>()
for (const contender of chosen) {
  await play(contender, WELL, 'JSON') // loads and compiles its code
  await play(contender, WELL, 'stream')
  const all = await inGroups(
    SCENARIOS.flatMap((scenario) => scenario.forms.map((form) => () => play(contender, scenario, form))),
  )
  played.set(contender.name, all)
  console.error(`${contender.name}: ${all.filter(isAsWanted).length} of ${all.length} as wanted`)
}
publish('league', leagueTable())
publish('league scenarios', scenarioTable())
process.exit() // clients that hang hold their connections

/** Runs a few at a time, so that most waits overlap and none is long for lack of CPU. */
async function inGroups<T>(all: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  for (let at = 0; at < all.length; at += AT_ONCE)
    results.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map((each) => each()))))
  return results
}

/** One call of a new client against two new providers. */
async function play(contender: Contender, scenario: Scenario, form: Form): Promise<Played> {
  await using simulator = await startSimulator({
    providers: {
      primary: { reply: SAYS.primary, rules: [{ fault: scenario.fault }] },
      backup: { reply: SAYS.backup },
    },
  })
  const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
  const client = contender.start({
    primaryURL: primary.baseURL,
    fallbackURL: backup.baseURL,
    timeoutMs: TIMEOUT_MS,
  })
  const hung = new Promise<Result>((resolve) => setTimeout(resolve, HUNG_MS, 'hung').unref())
  const call = form === 'JSON' ? client.call() : client.listen()
  const result = await Promise.race([hung, call.then(resultOf, (): Result => 'error')])
  const requests = primary.counts().calls + backup.counts().calls
  // What a client that hangs does later is not waited for.
  if (result !== 'hung') await client.close?.()
  return { scenario, form, result, requests }
}

function resultOf(text: string | null | undefined): Result {
  return text === SAYS.primary || text === SAYS.backup ? 'answered' : 'cut short'
}

function isAsWanted({ scenario, result }: Played): boolean {
  return result === scenario.wanted || result === 'answered' // better than an error
}

function leagueTable(): Table {
  const rows = [...played].sort(([, one], [, other]) => scoreOf(other) - scoreOf(one))
  const count = (result: Result) =>
    figures(
      0,
      rows.map(([, all]) => all.filter((each) => each.result === result && !isAsWanted(each)).length),
    )
  return tableOf({
    'one call for each fault': rows.map(([name]) => name),
    'as wanted': rows.map(([, all]) => `${scoreOf(all)} of ${all.length}`),
    'error, though the backup is well': count('error'),
    'a part taken for the whole': count('cut short'),
    hung: count('hung'),
    'requests sent': figures(
      0,
      rows.map(([, all]) => all.reduce((sum, { requests }) => sum + requests, 0)),
    ),
    setup: rows.map(([name]) => chosen.find((contender) => contender.name === name)?.setup ?? ''),
  })
}

function scoreOf(all: readonly Played[]): number {
  return all.filter(isAsWanted).length
}

function scenarioTable(): Table {
  const [first = []] = played.values()
  return tableOf({
    'the first provider': first.map(({ scenario, form }) => `${scenario.what} (${form})`),
    wanted: first.map(({ scenario }) => scenario.wanted),
    ...Object.fromEntries(
      [...played].map(([name, all]) => [
        name,
        all.map((each) => (isAsWanted(each) ? '✓' : `**${each.result}**`)),
      ]),
    ),
  })
}
