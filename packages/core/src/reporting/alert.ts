import type { CostStats } from './cost-stats.ts'
import type { TargetStats } from './target-stats.ts'
import type { Quantiles } from './quantiles.ts'

/** What an alert looks at: the calls that ended within its window, and how targets fare now. */
export interface AlertStats {
  /** The length of the window so far, in milliseconds. */
  readonly windowMs: number
  readonly calls: number
  /** Calls that ended well, of those that their callers did not abort; 1 while there are none. */
  readonly availability: number
  /** Whole calls that ended well, in milliseconds. */
  readonly latencyMs: Quantiles | undefined
  /** Spent within the window, in US dollars. */
  readonly spentUsd: number
  /** Since the client was made. */
  readonly cost: CostStats
  readonly targets: Readonly<Record<string, TargetStats>>
}

export interface AlertOptions {
  /** Tells alerts apart. */
  name: string
  /** Whether something is wrong: see `availabilityBelow` and its kin. */
  when: (stats: AlertStats) => boolean
  /** How long it must have been so without a break, in milliseconds. @default 0 */
  forMs?: number | undefined
  /** Told once when it begins to fire, and once when that is over. What it throws changes nothing. */
  notify: (notice: AlertNotice) => unknown
}

export interface AlertNotice {
  readonly name: string
  readonly state: 'firing' | 'resolved'
  /** Since when something is wrong, or all is well again, in milliseconds since the epoch. */
  readonly since: number
  readonly stats: AlertStats
}
