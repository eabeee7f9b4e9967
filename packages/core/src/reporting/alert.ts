import type { CostStats } from './cost-stats.ts'
import type { TargetStats } from './target-stats.ts'
import type { Quantiles } from './quantiles.ts'

/**
 * The argument of an alert's condition: statistics of the calls that ended within the last five minutes (the window), the total cost, and
 * the current state of the targets.
 */
export interface AlertStats {
  /** The length of the window, in milliseconds: five minutes, or less if the client was created more recently. */
  readonly windowMs: number
  readonly calls: number
  /** The share of calls that succeeded, from 0 to 1; 1 if there were no calls. Calls that their callers aborted do not count. */
  readonly availability: number
  /** The durations of the successful calls within the window, in milliseconds; undefined if there were none. */
  readonly latencyMs: Quantiles | undefined
  /** The money spent within the window, in US dollars. */
  readonly spentUsd: number
  /** The cost of all calls since the client was created. */
  readonly cost: CostStats
  readonly targets: Readonly<Record<string, TargetStats>>
}

export interface AlertOptions {
  /** Identifies the alert; unique within a client. */
  name: string
  /**
   * The condition of the alert: returns true to fire it. `availabilityBelow`, `p95Above`, `spendAbove` and `breakerOpen` create such
   * functions.
   */
  when: (stats: AlertStats) => boolean
  /** How long the condition must stay true before the alert fires, in milliseconds. @default 0 */
  forMs?: number | undefined
  /** Called once when the alert starts to fire, and once when it is resolved. Errors that it throws are ignored. */
  notify: (notice: AlertNotice) => unknown
}

export interface AlertNotice {
  readonly name: string
  readonly state: 'firing' | 'resolved'
  /** When the condition became true (`firing`) or false again (`resolved`), in milliseconds since the epoch. */
  readonly since: number
  readonly stats: AlertStats
}
