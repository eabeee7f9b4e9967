import type { Clock } from './clock.ts'
import type { AdvanceEvent, RecoveredEvent, UnavailableEvent } from './events.ts'
import type { HedgeOptions } from './hedge.ts'
import type { Order } from './order.ts'
import type { TargetAttempt } from './target-attempt.ts'
import {
  aFunction,
  anObject,
  aPart,
  aSignal,
  delay,
  expect,
  having,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

export interface FallbackChainOptions<Target, Last = unknown> {
  /** What can be called. Their names tell them apart. A target may have a `credential`: see `shouldAdvance`. */
  targets: readonly Target[]
  /** In which order they are called. @default byPriority, as given */
  order?: Order<Target> | undefined
  /**
   * Whether to go on to the next target after this error. Only such errors count against the health of a target.
   * @default not after 400, 405, 406, 413, 415, 422 or a refused content; after 401 and 403 not to a target that has the same `credential`
   */
  shouldAdvance?: ((error: unknown, target: Target) => boolean) | undefined
  /** So many failures in a row make a target unavailable: it is left out until it has recovered. @default 3 */
  failureThreshold?: number | undefined
  /** Replaces the threshold: whether a target may be called, asked when it is its turn. */
  isAvailable?: ((target: Target) => boolean) | undefined
  /** If no target is available: call them all the same, or fail at once. @default 'try-all' */
  whenNoneAvailable?: 'fail' | 'try-all' | undefined
  /**
   * Run after `start()`, only for unavailable targets; if it resolves, its target is available again. Its signal aborts when the
   * next check is due. Without checks a call is let through once an interval to see.
   */
  healthCheck?: ((target: Target, signal: AbortSignal) => Promise<unknown>) | undefined
  /** From check to check, in milliseconds, and the longest that one may take. @default 30_000 */
  healthCheckIntervalMs?: number | undefined
  /** Calls a second target when the first one takes long. What does not answer first is aborted. @default none */
  hedge?: HedgeOptions | undefined
  /** Answers when no target did. Its answer is marked `degraded`; its type is one that the run may resolve to. */
  lastResort?: ((failures: readonly TargetAttempt[]) => Last | PromiseLike<Last>) | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
  /** Told before the next target is called. If a hook throws, a warning is emitted and nothing else changes. */
  onAdvance?: ((event: AdvanceEvent<Target>) => void) | undefined
  /** Told when the threshold has made a target unavailable. */
  onUnavailable?: ((event: UnavailableEvent<Target>) => void) | undefined
  /** Told when a target is available again; with `isAvailable`, when a health check found it well. */
  onRecovered?: ((event: RecoveredEvent<Target>) => void) | undefined
}

export interface FallbackRunOptions<Target> {
  /** Its abort ends the run at once with its reason. No other target is called, and no last resort. */
  signal?: AbortSignal | undefined
  /** Instead of the chain's own. Their health is kept by name, and they are checked as well once a run found them unavailable. */
  targets?: readonly Target[] | undefined
  /** Instead of the chain's own; `false` for none. Runs given the same object share its budget. */
  hedge?: HedgeOptions | false | undefined
}

/** @throws TypeError for an option that does not exist or makes no sense */
export function validateChainOptions(options: { targets: unknown; hedge?: HedgeOptions | undefined }): void {
  validate(options, CHECKS)
  expect('targets', options.targets, targets)
  validateHedge(options.hedge)
}

/** @throws TypeError for an option that does not exist or makes no sense */
export function validateRunOptions(options: { hedge?: HedgeOptions | false | undefined }): void {
  validate(options, RUN_CHECKS)
  validateHedge(options.hedge)
}

function validateHedge(hedge: HedgeOptions | false | undefined): void {
  if (!hedge) return
  validate(hedge, HEDGE_CHECKS)
  expect('afterMs', hedge.afterMs, HEDGE_CHECKS.afterMs)
}

const targets: Check = (value) => {
  const names = Array.isArray(value) ? value.map((target) => (target as { name?: unknown } | null)?.name) : []
  const told = names.filter((name) => typeof name === 'string' && name !== '')
  return (
    (told.length > 0 && new Set(told).size === names.length) ||
    'a list of at least one target, each with a name of its own'
  )
}

const CHECKS: Readonly<Record<keyof FallbackChainOptions<never>, Check>> = {
  targets,
  order: aFunction,
  shouldAdvance: aFunction,
  failureThreshold: wholeNumber,
  isAvailable: aFunction,
  whenNoneAvailable: (value) => value === 'fail' || value === 'try-all' || 'one of fail, try-all',
  healthCheck: aFunction,
  healthCheckIntervalMs: /* @__PURE__ */ delay(1),
  hedge: anObject,
  lastResort: aFunction,
  clock: /* @__PURE__ */ having('now', 'a clock'),
  onAdvance: aFunction,
  onUnavailable: aFunction,
  onRecovered: aFunction,
}

const HEDGE_CHECKS: Readonly<Record<keyof HedgeOptions, Check>> = {
  afterMs(value) {
    const expected = value === 'p95' || delay(0)(value)
    return expected === true || `'p95' or ${expected}`
  },
  maxExtraRatio: aPart,
}

const RUN_CHECKS: Readonly<Record<keyof FallbackRunOptions<never>, Check>> = {
  signal: aSignal,
  targets,
  hedge: (value) => value === false || anObject(value) === true || 'an object, or false',
}
