import type { AlertNotice, AlertStats } from '../reporting/alert.ts'

/**
 * Returns the text of a notice, for people: the alert and what its rule measured first, then the figures of the window.
 * @param found what the rule measured; undefined if the rule does not say it
 */
export function noticeText(
  { name, state }: Pick<AlertNotice, 'name' | 'state'>,
  found: string | undefined,
  stats: AlertStats,
): string {
  const { calls, availability, latencyMs, spentUsd, windowMs, openForMs } = stats
  const open = Object.keys(openForMs)
  const title = `${state === 'firing' ? 'Firing' : 'Resolved'}: ${name}`
  const parts = [
    found ? `${title}: ${found}` : title,
    `${counted(calls, 'call')} in ${duration(windowMs)}, ${percent(availability)} answered`,
    latencyMs && `p95 ${Math.round(latencyMs.p95)} ms`,
    `${money(spentUsd)} spent`,
    open.length > 0 && `circuits open: ${open.join(', ')}`,
  ]
  return parts.filter((part) => typeof part === 'string').join(' · ')
}

/** A share from 0 to 1 as a percentage, such as `97.1 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** An amount of money, such as `$0.0042` or `$12.50`. */
export function money(usd: number): string {
  return `$${usd.toFixed(usd !== 0 && Math.abs(usd) < 1 ? 4 : 2)}`
}

const UNITS = [
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** A duration in its largest unit, such as `90 seconds`, `5 minutes` or `1.5 hours`. */
export function duration(ms: number): string {
  const [unit, length] = UNITS.find(([, unitMs]) => ms >= 2 * unitMs || ms === unitMs) ?? (['ms', 1] as const)
  const count = Number((ms / length).toFixed(1))
  return unit === 'ms' || count === 1 ? `${count} ${unit}` : `${count} ${unit}s`
}

/** A count with its noun, such as `1 call` or `3 calls`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
