/**
 * A day of calls with deadlines from a minute to an hour, of which `flex` refuses 30 % in spells: the bill and the missed deadlines with tiers and at
 * the standard tier alone, and whether interactive calls notice. Virtual time: a day takes seconds, and each run gives the same figures.
 *
 *     pnpm bench tiers
 *     pnpm bench tiers --quick     a tenth of the day
 *     pnpm bench tiers --write     stores the table
 */
import { compare, DAY, replay } from '../packages/core/test/helpers/tiers/replayed-day.ts'
import { publish } from './publish.ts'
import { figures, inWords, tableOf } from './table.ts'
import { VirtualTime } from './tiers/virtual-time.ts'

const part = process.argv.includes('--quick') ? 10 : 1
const day = { ...DAY, calls: DAY.calls / part, durationMs: DAY.durationMs / part }
const time = new VirtualTime()
// The backoff of a retry is random; at its middle, equal calls take equal times.
Math.random = () => 0.5

const tiers = await replay(day, 'tiers', time)
const standard = await replay(day, 'standard', time)
const alone = await replay(day, 'interactive', time)
const result = compare(tiers, standard, alone)
const waiting = day.calls - result.interactiveCalls
const hours = day.durationMs / 3_600_000

publish(
  'tiers',
  tableOf({
    [`${inWords(waiting)} calls that may wait, in ${inWords(hours)} hours`]: [
      'standard tier alone',
      "`prefer: 'cheapest'`",
    ],
    'bill, % of standard': figures(1, [100, 100 * result.billShare]),
    'deadlines missed, %': figures(2, [100 * result.missedStandard, 100 * result.missedWithTiers]),
    'answered at flex, %': figures(1, [0, 100 * result.atFlex]),
    'requests at flex refused, %': figures(1, [undefined, 100 * tiers.refused]),
  }),
  {
    goals: [
      {
        of: 'bill of the calls that may wait',
        got: 100 * result.billShare,
        atMost: 60,
        unit: '% of standard',
        digits: 1,
      },
      {
        of: 'deadlines missed, more than at the standard tier alone',
        got: 100 * Math.max(0, result.missedWithTiers - result.missedStandard),
        atMost: 0,
        unit: '%',
        digits: 2,
      },
      {
        of: `interactive calls with another target or time, of ${inWords(result.interactiveCalls)}`,
        got: result.interactiveChanged,
        atMost: 0,
        unit: 'calls',
        digits: 0,
      },
    ],
  },
)
