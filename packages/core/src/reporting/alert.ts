import type { FailureKind } from '@harbor/retry'
import type { CostStats, SpendState } from './cost-stats.ts'
import type { TargetStats } from './target-stats.ts'
import type { Quantiles } from './quantiles.ts'

/** The longest window of an alert rule, in milliseconds: six hours. */
export const MAX_RULE_WINDOW_MS = 6 * 3_600_000

/** The number of calls in a window of time, and how they ended. Calls that their callers aborted do not count. */
export interface CallCounts {
  /** The length of the window, in milliseconds; less than requested if the client was created more recently. */
  readonly windowMs: number
  readonly calls: number
  readonly failed: number
  /** The share of calls that succeeded, from 0 to 1; 1 if there were no calls. Calls that their callers aborted do not count. */
  readonly availability: number
}

/** The number of requests to one target that ended in the same way. */
export interface AttemptCount {
  readonly target: string
  /** The kind of the failure; undefined for requests that were answered. */
  readonly failure: FailureKind | undefined
  readonly count: number
}

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
  /** The requests that were sent to targets within the window, including retries and hedges, by target and by how they ended. */
  readonly attempts: readonly AttemptCount[]
  /**
   * The number of calls within the window that looked up their answer in the cache. `hits` counts those that got a stored answer, or shared
   * the request of an identical call.
   */
  readonly cacheLookups: { readonly hits: number; readonly misses: number }
  /** The cost of all calls since the client was created. */
  readonly cost: CostStats
  /**
   * The state of the client's spend limits; empty if it has none. Of a limit by a label, the 20 values that have used most of it, the
   * largest amount first.
   */
  readonly budgets: readonly SpendState[]
  readonly targets: Readonly<Record<string, TargetStats>>
  /** For each target whose circuit is open or half-open: the time since it opened, in milliseconds, including half-open times. */
  readonly openForMs: Readonly<Record<string, number>>
  /**
   * Counts the calls of a window of another length, which moves by whole minutes. @param ms the length of the window, in milliseconds. The
   * maximum is the longest `windowMs` of the client's alert rules, or five minutes if that is longer
   */
  readonly callsWithin: (ms: number) => CallCounts
}

/** The condition of an alert: a function of your own, or one that `burnRate`, `availabilityBelow` and others create. */
export interface AlertRule {
  /** Returns whether the condition is met. */
  (stats: AlertStats): boolean
  /** The longest window that the rule passes to `callsWithin`, in milliseconds, at most six hours. @default 300_000 */
  readonly windowMs?: number | undefined
  /** Returns a few words for the text of the notice: what the rule measured, and what it expects. They begin with a small letter. */
  readonly describe?: ((stats: AlertStats) => string) | undefined
}

export interface AlertOptions {
  /** Identifies the alert; unique within a client. */
  name: string
  /**
   * The condition of the alert: returns whether it holds. `availabilityBelow`, `p95Above`, `spendAbove`, `breakerOpen`, `burnRate`,
   * `budgetUsed`, `breakerOpenFor`, `hitRatioBelow` and `failureShareAbove` create such functions.
   */
  when: AlertRule
  /** How long the condition must hold without interruption before the alert fires, in milliseconds. @default 0 */
  forMs?: number | undefined
  /**
   * Called once when the alert starts to fire, and once when it is resolved. `webhook`, `slack` and `pagerDuty` create such functions. If it
   * throws or rejects, a process warning says that the notice was lost.
   */
  notify: (notice: AlertNotice) => unknown
}

export interface AlertNotice {
  readonly name: string
  readonly state: 'firing' | 'resolved'
  /** When the condition began to hold (`firing`) or ceased to hold (`resolved`), in milliseconds since the epoch. */
  readonly since: number
  /** The notice in one line, for people: the alert, what its rule measured, and the figures of the window. */
  readonly text: string
  readonly stats: AlertStats
}
