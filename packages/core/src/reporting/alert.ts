import type { FailureKind } from '@harbor/retry'
import type { CostStats, SpendState } from './cost-stats.ts'
import type { TargetStats } from './target-stats.ts'
import type { Quantiles } from './quantiles.ts'

/** The longest window of an alert rule, in milliseconds: six hours. */
export const MAX_RULE_WINDOW_MS = 6 * 3_600_000

/** How many calls succeeded or failed in a window of time. Calls that their callers aborted, and prefetches, do not count. */
export interface CallCounts {
  /** The length of the window, in milliseconds; less than requested if the client was created more recently. */
  readonly windowMs: number
  /** The number of calls that succeeded or failed within the window. */
  readonly calls: number
  /** The number of `calls` that failed. */
  readonly failed: number
  /** The share of calls that succeeded, from 0 to 1; 1 if there were no calls. Calls that their callers aborted do not count. */
  readonly availability: number
}

/** The number of requests to one target that ended in the same way. */
export interface AttemptCount {
  /** The name of the target, such as `openai/gpt-4`. */
  readonly target: string
  /** The kind of the failure; undefined for requests that were answered. */
  readonly failure: FailureKind | undefined
  /** The number of requests to this target that ended in this way, in calls that succeeded or failed within the window. */
  readonly count: number
}

/**
 * The argument of an alert's condition: statistics of the calls that ended within the last five minutes (the window), the total cost, and
 * the current state of the targets.
 */
export interface AlertStats {
  /** The length of the window, in milliseconds: five minutes, or less if the client was created more recently. */
  readonly windowMs: number
  /** The number of calls that succeeded or failed within the window. Aborted calls and prefetches do not count. */
  readonly calls: number
  /** The share of calls that succeeded, from 0 to 1; 1 if there were no calls. Calls that their callers aborted do not count. */
  readonly availability: number
  /** The durations of the successful calls within the window, in milliseconds: percentiles and maximum. Undefined if there were none. */
  readonly latencyMs: Quantiles | undefined
  /** The money spent within the window, in US dollars. */
  readonly spentUsd: number
  /** The requests that the counted `calls` sent to targets, including retries and hedges, by target and by how they ended. */
  readonly attempts: readonly AttemptCount[]
  /** The number of calls within the window that looked up their answer in the cache, by result. Bypassed calls do not count. */
  readonly cacheLookups: {
    /** The number of calls that got a stored answer, stale ones included, or shared the request of an identical call. */
    readonly hits: number
    /** The number of calls that the cache could not answer, so that a request was sent. */
    readonly misses: number
  }
  /** The cost of all calls since the client was created. */
  readonly cost: CostStats
  /**
   * The state of the client's spend limits; empty if it has none. If a limit has `by`, only the 20 values of the label that have used most are
   * listed, the largest amount first.
   */
  readonly budgets: readonly SpendState[]
  /**
   * Returns the client's spend limits of which at least this share is used in their current period, the fullest first. If a limit has `by`, all
   * values of the label are considered, not only those in `budgets`. @param ratio from 0 to 1
   */
  readonly budgetsUsed: (ratio: number) => readonly SpendState[]
  /** The state of each target that was called since the client was created, by its name. */
  readonly targets: Readonly<Record<string, TargetStats>>
  /**
   * The time since the circuit of a target opened, in milliseconds, by the name of the target. Contains only targets whose circuit is open or
   * half-open.
   */
  readonly openForMs: Readonly<Record<string, number>>
  /**
   * Counts the calls that succeeded or failed in the last `ms` milliseconds, rounded up to whole minutes. @param ms the length of the window. Its
   * maximum is the longest `windowMs` of the client's alert rules, or five minutes if that is longer. A longer window is shortened without an error;
   * `windowMs` of the result is the length that was used
   */
  readonly callsWithin: (ms: number) => CallCounts
}

/** The condition of an alert: a function of your own, or one that `burnRate`, `availabilityBelow` and others create. */
export interface AlertRule {
  /**
   * Returns whether the condition is met now. Called every 5 seconds, or more often if an alert has a `forMs` below 10 seconds, so it should be fast.
   * If it throws, a warning is emitted, and the alert neither fires nor is resolved.
   */
  (stats: AlertStats): boolean
  /**
   * The longest window that the rule passes to `callsWithin`, in milliseconds, above 0, at most six hours. `callsWithin` shortens longer windows
   * without an error. @default 300_000
   */
  readonly windowMs?: number | undefined
  /**
   * For a condition that can hold for several things, such as circuits: returns the names of those for which it holds now. Each of them is an
   * incident of its own: it has one notice when the condition begins to hold for it, and one when it ceases to, and `forMs` is measured for each.
   * At most 100 incidents of an alert are open at the same time. The alert then uses this function instead of the condition itself.
   */
  readonly subjects?: ((stats: AlertStats) => readonly string[]) | undefined
  /**
   * Returns a few words for the text of the notice: what the rule measured, and what it expects. Begin them with a lower-case letter. Without this
   * function, the notice has no such words. `subject` is one of the names that `subjects` returned.
   */
  readonly describe?: ((stats: AlertStats, subject?: string) => string) | undefined
}

/** One alert: its condition, and the function that is called when the condition begins or ceases to hold. */
export interface AlertOptions {
  /** Identifies the alert in notices; unique within a client, not empty. */
  name: string
  /**
   * The condition of the alert: returns whether it holds. `availabilityBelow`, `p95Above`, `spendAbove`, `breakerOpen`, `burnRate`,
   * `budgetUsed`, `breakerOpenFor`, `hitRatioBelow` and `failureShareAbove` create such functions.
   */
  when: AlertRule
  /**
   * How long the condition must hold without interruption before the alert fires, in milliseconds, at least 0. Conditions are checked every 5
   * seconds, or more often if `forMs` is below 10 seconds. @default 0
   */
  forMs?: number | undefined
  /**
   * Called once when the alert starts to fire, and once when it is resolved; for rules with `subjects`, once for each of them. `webhook`, `slack` and `pagerDuty` create such functions. If it
   * throws or rejects, a process warning says that the notice was lost.
   */
  notify: (notice: AlertNotice) => unknown
}

/** What `notify` receives when an alert starts to fire or is resolved. */
export interface AlertNotice {
  /** The name of the alert, as in the option `alerts`. */
  readonly name: string
  /**
   * What the notice is about, such as the name of a target: one of the names that `subjects` of the rule returned. Missing if the rule has no
   * `subjects`.
   */
  readonly subject?: string
  /** `firing`: the condition has held for `forMs`. `resolved`: it has ceased to hold. */
  readonly state: 'firing' | 'resolved'
  /** When the condition began to hold (`firing`) or ceased to hold (`resolved`), in milliseconds since the epoch. */
  readonly since: number
  /** The notice in one line, for people: the alert, what its rule measured, and the figures of the window. */
  readonly text: string
  /** The statistics with which the condition was checked. */
  readonly stats: AlertStats
}
