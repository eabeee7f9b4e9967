import type { AutoBulkReport } from '../../bulk/auto/auto-report.ts'
import { BULK_ROUTES, type BulkPlan, type BulkRoute } from '../../bulk/auto/bulk-plan.ts'
import { count } from './progress-line.ts'

const ROUTE_WORDS: Readonly<Record<BulkRoute, string>> = {
  batch: 'Batch API',
  flex: 'tier flex',
  '8h': 'background, 8 hours',
  '2h': 'background, 2 hours',
  direct: 'direct calls',
}

const GAP = '   '

/**
 * Returns a plan as text for a terminal.
 * @param isLimited whether the run may spend only so much: requests without a known price are not sent then
 */
export function planText(plan: BulkPlan, isLimited: boolean): string {
  const rows = plan.parts.map(({ route, target, requests, usd }) => [
    ROUTE_WORDS[route],
    target,
    count(requests),
    usd === undefined ? 'unknown' : dollars(usd),
  ])
  const { answered, deadlineAt, callOverAt, unpriced } = plan
  const refused = isLimited ? unpriced : 0
  const unfitting = plan.mayBeLeft - refused
  const notes = [
    ...costLines(plan),
    `Due by ${timeOf(deadlineAt)}; what has no answer by ${timeOf(callOverAt)} is called directly.`,
    ...(answered > 0 ? [`${count(answered)} more requests have an answer already.`] : []),
    ...(unfitting > 0 ? [`${count(unfitting)} requests may not fit into the money, and are left then.`] : []),
    ...(refused > 0 ? [`${count(refused)} requests are not sent: ${UNPRICED_UNDER_LIMIT}`] : []),
    'Nothing was sent.',
  ]
  return [...table([['route', 'target', 'requests', 'cost at most'], ...rows]), '', ...notes].join('\n')
}

/** Returns what a plan costs, as far as prices are known. */
function costLines({ requests, answered, unpriced, usd, atMostUsd, directUsd }: BulkPlan): readonly string[] {
  const open = requests - answered
  if (unpriced > 0 && unpriced === open)
    return [`What that costs is unknown: ${count(unpriced)} requests have no known price.`]
  return [
    `Each at its longest answer: ${dollars(usd)} as planned, ${dollars(directUsd)} by direct calls alone.`,
    `At most ${dollars(atMostUsd)}, if requests have to be called although a slower route was paid.`,
    ...(unpriced > 0
      ? [`${count(unpriced)} requests have no known price. What they cost comes on top.`]
      : []),
  ]
}

const UNPRICED_UNDER_LIMIT =
  'their price is unknown, and money is limited. Give it with --price and --model, for instance --price in=2.5,out=10.'

/** Returns what a run did on each route, one line for each fact. */
export function routeLines(report: AutoBulkReport): readonly string[] {
  const { routes, spentUsd, directUsd, calledOver, late, left, leftUnpriced, overdue, closed } = report
  const unfitting = left - leftUnpriced
  const parts = BULK_ROUTES.flatMap((route) => {
    const { answers, usd } = routes[route] ?? { answers: 0, usd: 0 }
    return answers > 0 ? [`${ROUTE_WORDS[route]} ${count(answers)} (${dollars(usd)})`] : []
  })
  const share = directUsd > 0 ? `, ${((100 * spentUsd) / directUsd).toFixed(0)} % of direct calls` : ''
  return [
    ...(parts.length > 0 ? [`Answers: ${parts.join(', ')}. ${dollars(spentUsd)} in total${share}.`] : []),
    ...(calledOver > 0
      ? [`${count(calledOver)} requests were called directly because a slower route was late.`]
      : []),
    ...(late.answers > 0 || late.possiblyUsd > 0
      ? [
          `Paid twice: ${count(late.answers)} answers of slower routes came too late (${dollars(late.usd)}), and up to ${dollars(late.possiblyUsd)} may follow.`,
        ]
      : []),
    ...(unfitting > 0
      ? [`${count(unfitting)} requests were left, because too little money is left for them.`]
      : []),
    ...(leftUnpriced > 0 ? [`${count(leftUnpriced)} requests were left: ${UNPRICED_UNDER_LIMIT}`] : []),
    ...(overdue > 0 ? [`${count(overdue)} results came after the deadline.`] : []),
    ...Object.entries(closed).map(
      ([route, reason]) => `${ROUTE_WORDS[route as BulkRoute]} was given up: ${reason}.`,
    ),
  ]
}

function dollars(usd: number): string {
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join(GAP)
      .trimEnd(),
  )
}
