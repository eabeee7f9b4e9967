/**
 * How much of a provider's limits is used, and how many calls are refused: Harbor's rate limiter and others, one after the other, for
 * five of the provider's minutes each, in 30 s.
 *
 *     pnpm bench limits
 *
 * Providers may enforce a limit per minute in shorter intervals (https://platform.openai.com/docs/guides/rate-limits), so the first
 * table allows a tenth of it at once. Some providers allow a whole minute at once, which an algorithm may rely on: the second table.
 */
import { CONTENDERS } from './limits/contenders.ts'
import { run, type Outcome, type Scenario } from './limits/scenario.ts'
import { publish } from './publish.ts'
import { figures, tableOf, type Table } from './table.ts'

const SCENARIO: Scenario = {
  requestsPerMinute: 600,
  tokensPerMinute: 90_000,
  minutes: 5,
  faster: 10,
  burst: 0.1,
  workers: 200,
}
const COUNTS_ON_A_MINUTE = CONTENDERS.filter(({ name }) => /limits given$|cookbook/.test(name))

publish('limits', outcomeTable('a tenth of a minute at once', await runAll(SCENARIO, CONTENDERS)))
publish(
  'limits burst',
  outcomeTable('a whole minute at once', await runAll({ ...SCENARIO, burst: 1 }, COUNTS_ON_A_MINUTE)),
)
process.exit()

async function runAll(scenario: Scenario, contenders: typeof CONTENDERS): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const contender of contenders) outcomes.push(await run(scenario, contender))
  return outcomes
}

function outcomeTable(title: string, outcomes: readonly Outcome[]): Table {
  return tableOf({
    [title]: outcomes.map(({ name }) => name),
    '% of limit × time used': figures(
      1,
      outcomes.map(({ used }) => 100 * used),
    ),
    answered: figures(
      0,
      outcomes.map(({ answered }) => answered),
    ),
    '429s': figures(
      0,
      outcomes.map(({ refused }) => refused),
    ),
    '429s, % of all calls': figures(
      1,
      outcomes.map(({ answered, refused }) => (100 * refused) / (answered + refused)),
    ),
  })
}
