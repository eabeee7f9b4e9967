import type { CostStats } from './cost-stats.ts'
import type { TargetStats } from './target-stats.ts'
import type { Quantiles } from './quantiles.ts'

/** What an alert is evaluated on: the calls that ended within its window, and the current state of the targets. */
export interface AlertStats {
  /** The length of the window so far, in milliseconds. */
  readonly windowMs: number
  readonly calls: number
  /** The share of successful calls, without those aborted by their callers; 1 before the first. */
  readonly availability: number
  /** Durations of successful calls, in milliseconds. */
  readonly latencyMs: Quantiles | undefined
  /** Spent within the window, in US dollars. */
  readonly spentUsd: number
  /** Since the client was created. */
  readonly cost: CostStats
  readonly targets: Readonly<Record<string, TargetStats>>
}

export interface AlertOptions {
  /** Identifies the alert; unique within a client. */
  name: string
  /** Returns whether the alert condition holds: see `availabilityBelow`, `p95Above`, `spendAbove` and `breakerOpen`. */
  when: (stats: AlertStats) => boolean
  /** How long the condition must hold without interruption before the alert fires, in milliseconds. @default 0 */
  forMs?: number | undefined
  /** Called once when the alert starts to fire, and once when it is resolved. Errors that it throws are ignored. */
  notify: (notice: AlertNotice) => unknown
}

export interface AlertNotice {
  readonly name: string
  readonly state: 'firing' | 'resolved'
  /** Since when the condition holds, or no longer holds, in milliseconds since the epoch. */
  readonly since: number
  readonly stats: AlertStats
}
