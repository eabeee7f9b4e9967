import type { Clock } from './clock.ts'
import type { AdvanceEvent, RecoveredEvent, UnavailableEvent } from './events.ts'
import type { Order } from './orders.ts'
import type { HedgeOptions } from './run/hedge-budget.ts'
import type { TargetAttempt } from './run/target-attempt.ts'
import {
  aClock,
  aFunction,
  anObject,
  aRatio,
  aSignal,
  checksOf,
  delay,
  expectValue,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

/** Options of a `FallbackChain`. Only `targets` is required. */
export interface FallbackChainOptions<Target, Last = unknown> {
  /** The targets: at least one, each with a unique, non-empty name. A target may have a `credential`: see `shouldAdvance`. */
  targets: readonly Target[]
  /**
   * Orders the targets at the start of each run: `byPriority`, `cheapest()`, `fastest()`, `weighted()` or your own. @default byPriority, the order of
   * `targets`
   */
  order?: Order<Target> | undefined
  /**
   * Whether to call the next target after this error. If not, the run ends with the error, which does not count against the health of the target.
   * Your own function also replaces the rule about credentials. @default false after status 400, 405, 406, 413, 415, 422 or refused content,
   * otherwise true. After 401 and 403, targets with the same `credential` are skipped
   */
  shouldAdvance?: ((error: unknown, target: Target) => boolean) | undefined
  /**
   * Whether an error counts against the health of the target. Not called for errors that end the run: see `shouldAdvance`. Return `false`
   * for errors of the caller or this process, such as a too short timeout or a lack of sockets. @default true
   */
  countsAsFailure?: ((error: unknown, target: Target) => boolean) | undefined
  /**
   * The number of failures in a row that make a target unavailable, at least 1. An unavailable target is skipped until it has recovered. Not used
   * with `isAvailable`. @default 3
   */
  failureThreshold?: number | undefined
  /**
   * Returns whether a target may be called. Replaces `failureThreshold`, for example by the state of a circuit breaker. Called before each call and
   * each health check of the target. @default a target is unavailable after `failureThreshold` failures in a row
   */
  isAvailable?: ((target: Target) => boolean) | undefined
  /**
   * What a run does if no target is available at its start: `try-all` calls the unavailable targets in their order, `fail` calls none, so that the
   * run ends with the last resort or AllTargetsFailedError. @default 'try-all'
   */
  whenNoneAvailable?: 'fail' | 'try-all' | undefined
  /**
   * Checks an unavailable target, once per interval after `start()`. If the promise resolves, the target is available again. The signal aborts when
   * the next check is due; the check has then failed. @default none: an unavailable target gets one call per interval
   */
  healthCheck?: ((target: Target, signal: AbortSignal) => Promise<unknown>) | undefined
  /**
   * The time between two health checks of a target, and the time limit of a check, in milliseconds, from 1 to 2^31 - 1. Without health checks: how
   * long an unavailable target is skipped before one call may try it. @default 30_000
   */
  healthCheckIntervalMs?: number | undefined
  /** Calls a second target while the first one is slow. The first answer wins, and the other attempt is aborted. @default no hedge */
  hedge?: HedgeOptions | undefined
  /**
   * Returns a substitute value if no target answered. Receives what happened at each target. The run then resolves with this value and `degraded:
   * true`. If the function throws, the run rejects with AllTargetsFailedError. @default none
   */
  lastResort?: ((failures: readonly TargetAttempt[]) => Last | PromiseLike<Last>) | undefined
  /** The source of the time for health and durations; timers use `setTimeout`. @default a monotonic clock */
  clock?: Clock | undefined
  /**
   * Called before the next target is called. If that target calls `skip()`, `onAdvance` is called again for the target after it. If `onAdvance`
   * throws, a warning is emitted and nothing else changes. @default none
   */
  onAdvance?: ((event: AdvanceEvent<Target>) => void) | undefined
  /**
   * Called when a target becomes unavailable after `failureThreshold` failures in a row; never with `isAvailable`. If it throws, a warning is emitted
   * and nothing else changes. @default none
   */
  onUnavailable?: ((event: UnavailableEvent<Target>) => void) | undefined
  /**
   * Called when a target is available again; with `isAvailable`, when a health check succeeded. If it throws, a warning is emitted and nothing else
   * changes. @default none
   */
  onRecovered?: ((event: RecoveredEvent<Target>) => void) | undefined
}

/** Options of one run of a `FallbackChain`: its signal, and its own targets and hedge. All are optional. */
export interface FallbackRunOptions<Target> {
  /** Aborts the run, which rejects at once with the signal's reason and calls neither another target nor the last resort. @default none */
  signal?: AbortSignal | undefined
  /**
   * The targets of this run, instead of those of the chain: at least one, with unique names; `order` applies to them too. Their health is recorded
   * under their names. Health checks include such a target after a run has found it unavailable. @default those of the chain
   */
  targets?: readonly Target[] | undefined
  /**
   * The hedge of this run, instead of that of the chain; `false` for no hedge. Runs that get the same object share its `maxExtraRatio`. @default that
   * of the chain
   */
  hedge?: HedgeOptions | false | undefined
}

/**
 * Checks the options of a chain.
 *
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function validateChainOptions(options: { targets: unknown; hedge?: HedgeOptions | undefined }): void {
  validate(options, CHECKS)
  expectValue('targets', options.targets, targets)
  validateHedge(options.hedge)
}

/**
 * Checks the options of a single run.
 *
 * @throws TypeError for an option that does not exist or has a wrong value
 */
export function validateRunOptions(options: { hedge?: HedgeOptions | false | undefined }): void {
  validate(options, RUN_CHECKS)
  validateHedge(options.hedge)
}

function validateHedge(hedge: HedgeOptions | false | undefined): void {
  if (!hedge) return
  validate(hedge, HEDGE_CHECKS)
  expectValue('afterMs', hedge.afterMs, afterMs)
}

const targets: Check = (value) => {
  const names = Array.isArray(value) ? value.map((target) => (target as { name?: unknown } | null)?.name) : []
  const valid = names.filter((name) => typeof name === 'string' && name !== '')
  return (
    (valid.length > 0 && new Set(valid).size === names.length) ||
    'a list of at least one target, each with a unique name'
  )
}

const CHECKS = /* @__PURE__ */ checksOf({
  targets,
  order: aFunction,
  shouldAdvance: aFunction,
  countsAsFailure: aFunction,
  failureThreshold: wholeNumber,
  isAvailable: aFunction,
  whenNoneAvailable: (value) => value === 'fail' || value === 'try-all' || 'one of fail, try-all',
  healthCheck: aFunction,
  healthCheckIntervalMs: /* @__PURE__ */ delay(1),
  hedge: anObject,
  lastResort: aFunction,
  clock: aClock,
  onAdvance: aFunction,
  onUnavailable: aFunction,
  onRecovered: aFunction,
} satisfies Record<keyof FallbackChainOptions<never>, Check>)

const afterMs: Check = (value) => {
  const expected = value === 'p95' || delay(0)(value)
  return expected === true || `'p95' or ${expected}`
}

const HEDGE_CHECKS = /* @__PURE__ */ checksOf({
  afterMs,
  maxExtraRatio: aRatio,
} satisfies Record<keyof HedgeOptions, Check>)

const RUN_CHECKS = /* @__PURE__ */ checksOf({
  signal: aSignal,
  targets,
  hedge: (value) => value === false || anObject(value) === true || 'an object, or false',
} satisfies Record<keyof FallbackRunOptions<never>, Check>)
