/**
 * Five kinds of outages of the first provider, with the packages that make one model of the AI SDK of several: Harbor's, ai-retry and
 * ai-fallback. The same script for each, in real time.
 *
 *     pnpm bench outage-kinds                      all of them: half a minute for each kind and package
 *     pnpm bench outage-kinds --quick              6 s each, to see whether it runs
 *     pnpm bench outage-kinds --write              stores the table
 */
import { AI_SDK } from './outage/ai-sdk.ts'
import { goThrough, warmUp } from './outage/go-through.ts'
import { kindsTable, type KindOutcome } from './outage/kinds-table.ts'
import { KINDS, quick } from './outage/scenario.ts'
import { publish } from './publish.ts'

const isQuick = process.argv.includes('--quick')
const contenders = AI_SDK.filter(({ name }) => name !== 'ai')
const outcomes: KindOutcome[] = []
for (const [kind, full] of Object.entries(KINDS)) {
  if (!isQuick) await warmUp(full, contenders)
  for (const contender of contenders) {
    const outcome = await goThrough(isQuick ? quick(full) : full, contender)
    outcomes.push({ ...outcome, kind })
    console.error(`${kind}: ${outcome.name}: ${(100 * outcome.answered).toFixed(1)} % answered`)
  }
}
publish('outage-kinds', kindsTable(outcomes))
