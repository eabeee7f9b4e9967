import type { Clock } from './clock.ts'
import type { AdvanceEvent, RecoveredEvent, UnavailableEvent } from './events.ts'
import type { Order } from './orders.ts'
import type { HedgeOptions } from './run/hedge.ts'
import type { TargetAttempt } from './run/target-attempt.ts'
import {
  aClock,
  aFunction,
  anObject,
  aPart,
  aSignal,
  checksOf,
  delay,
  expectValue,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

export interface FallbackChainOptions<Target, Last = unknown> {
  /** The targets, each with a unique name. A target may have a `credential`: see `shouldAdvance`. */
  targets: readonly Target[]
  /** The order in which targets are called. @default byPriority, as given */
  order?: Order<Target> | undefined
  /**
   * Whether to call the next target after this error. Only such errors count against the health of a target.
   * @default not after 400, 405, 406, 413, 415, 422 or refused content; after 401 and 403 not a target with the same `credential`
   */
  shouldAdvance?: ((error: unknown, target: Target) => boolean) | undefined
  /**
   * Whether an error after which the next target is called counts against the health of this one. Return `false` for errors that the
   * caller or this process caused, such as a timeout that was too short or a shortage of sockets. @default all of them count
   */
  countsAsFailure?: ((error: unknown, target: Target) => boolean) | undefined
  /** How many failures in a row make a target unavailable. It is skipped until it has recovered. @default 3 */
  failureThreshold?: number | undefined
  /** Replaces the threshold: whether a target may be called. Called when it is the target's turn. */
  isAvailable?: ((target: Target) => boolean) | undefined
  /** If no target is available: call them although they are unavailable, or fail at once. @default 'try-all' */
  whenNoneAvailable?: 'fail' | 'try-all' | undefined
  /**
   * Called after `start()` for unavailable targets; if it resolves, the target is available again. Its signal aborts when the next
   * check is due. Without health checks, one call per interval is let through instead.
   */
  healthCheck?: ((target: Target, signal: AbortSignal) => Promise<unknown>) | undefined
  /** The time between two health checks, and the longest that one may take, in milliseconds. @default 30_000 */
  healthCheckIntervalMs?: number | undefined
  /** Calls a second target while the first one is slow. The one that does not answer first is aborted. @default none */
  hedge?: HedgeOptions | undefined
  /** Answers when no target did. The result is marked `degraded`. Its type becomes part of the type of a run's result. */
  lastResort?: ((failures: readonly TargetAttempt[]) => Last | PromiseLike<Last>) | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
  /** Called before the next target. If a hook throws, a warning is emitted and nothing else changes. */
  onAdvance?: ((event: AdvanceEvent<Target>) => void) | undefined
  /** Called when the threshold has made a target unavailable. */
  onUnavailable?: ((event: UnavailableEvent<Target>) => void) | undefined
  /** Called when a target is available again; with `isAvailable`, when a health check succeeded. */
  onRecovered?: ((event: RecoveredEvent<Target>) => void) | undefined
}

export interface FallbackRunOptions<Target> {
  /** When it aborts, the run ends at once with the signal's reason. No other target is called, and no last resort. */
  signal?: AbortSignal | undefined
  /** Replaces the targets of the chain. Their health is recorded by name; health checks include them once a run found them unavailable. */
  targets?: readonly Target[] | undefined
  /** Replaces the hedge of the chain; `false` for none. Runs with the same object share its budget. */
  hedge?: HedgeOptions | false | undefined
}

/** @throws TypeError for an option that does not exist or has a wrong value */
export function validateChainOptions(options: { targets: unknown; hedge?: HedgeOptions | undefined }): void {
  validate(options, CHECKS)
  expectValue('targets', options.targets, targets)
  validateHedge(options.hedge)
}

/** @throws TypeError for an option that does not exist or has a wrong value */
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
  maxExtraRatio: aPart,
} satisfies Record<keyof HedgeOptions, Check>)

const RUN_CHECKS = /* @__PURE__ */ checksOf({
  signal: aSignal,
  targets,
  hedge: (value) => value === false || anObject(value) === true || 'an object, or false',
} satisfies Record<keyof FallbackRunOptions<never>, Check>)
