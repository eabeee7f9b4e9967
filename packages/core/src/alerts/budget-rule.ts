import { labelWords } from '../cost/limit-words.ts'
import type { AlertRule, AlertStats } from '../reporting/alert.ts'
import type { SpendState } from '../reporting/cost-stats.ts'
import { rule } from './rules.ts'
import { money, percent } from './words.ts'

/**
 * Creates a condition for alerts: at least the share `ratio` of a spend limit is used in its current period. Each limit that gets there is an
 * incident of its own, and so is each value of its label, if it has one: there is one notice for each when it has used its share, and one when its
 * next period begins. Without the option `spendLimit`, the condition is always false.
 * @param options.ratio from 0 to 1, such as 0.8
 */
export function budgetUsed({ ratio }: { ratio: number }): AlertRule {
  return rule(
    ({ budgets }) => budgets.some(({ usedUsd, limitUsd }) => usedUsd >= ratio * limitUsd),
    (stats, subject) => {
      const state = stateOf(stats, ratio, subject)
      const found = state ? spentWords(state) : (subject ?? 'nothing spent')
      return `${found}, expected less than ${percent(ratio)}`
    },
    { subjects: ({ budgetsUsed }) => budgetsUsed(ratio).map(budgetName) },
  )
}

/** Finds the state of a limit by its name. @returns undefined for one of which nothing is used any more */
function stateOf(
  { budgets, budgetsUsed }: AlertStats,
  ratio: number,
  subject: string | undefined,
): SpendState | undefined {
  if (subject === undefined) return budgetsUsed(ratio)[0] ?? budgets[0]
  const isMeant = (state: SpendState): boolean => budgetName(state) === subject
  return budgetsUsed(ratio).find(isMeant) ?? budgets.find(isMeant)
}

/** Identifies a limit, or the part of one value of its label, such as `$5 per day by tenant "acme"`. */
function budgetName({ limitUsd, per, by, value }: SpendState): string {
  const period = per === 'total' ? 'in total' : `per ${per}`
  // The whole value, since two long ones can begin alike.
  const whose =
    by === undefined ? '' : value === '' ? ` by calls without ${by}` : ` by ${by} ${JSON.stringify(value)}`
  return `$${limitUsd} ${period}${whose}`
}

function spentWords({ usedUsd, limitUsd, per, by, value }: SpendState): string {
  const period = per === 'total' ? 'in total' : `for this ${per}`
  const whose = by === undefined ? '' : ` by ${labelWords(by, value ?? '')}`
  return `${money(usedUsd)} of the ${money(limitUsd)} ${period} spent${whose}`
}
