import type { Clock } from './clock.ts'
import type { AdvanceEvent, RecoveredEvent, UnavailableEvent } from './events.ts'
import type { HedgeOptions } from './hedge.ts'
import type { Order } from './order.ts'
import type { TargetAttempt } from './target-attempt.ts'
import {
  aPart,
  aSignal,
  delay,
  having,
  ofType,
  oneOf,
  optional,
  validate,
  wholeNumber,
  type Check,
} from './validate.ts'

export interface FallbackChainOptions<Target> {
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
  /** Answers when no target did. Its answer is marked `degraded`. */
  lastResort?: ((failures: readonly TargetAttempt[]) => unknown) | undefined
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
export function validateChainOptions(options: { hedge?: HedgeOptions | undefined }): void {
  validate(options, CHECKS)
  if (options.hedge) validate(options.hedge, HEDGE_CHECKS)
}

/** @throws TypeError for an option that does not exist or makes no sense */
export function validateRunOptions(options: { hedge?: HedgeOptions | false | undefined }): void {
  validate(options, RUN_CHECKS)
  if (options.hedge) validate(options.hedge, HEDGE_CHECKS)
}

const targets: Check = [
  (value) => {
    if (!Array.isArray(value) || value.length === 0) return false
    const names = new Set(value.map((target) => (target as { name?: unknown } | null)?.name))
    return names.size === value.length && [...names].every((name) => typeof name === 'string' && name !== '')
  },
  'a list of at least one target, each with a name of its own',
]
const aFunction = optional(ofType('function'))

const CHECKS: Readonly<Record<keyof FallbackChainOptions<never>, Check>> = {
  targets,
  order: aFunction,
  shouldAdvance: aFunction,
  failureThreshold: optional(wholeNumber),
  isAvailable: aFunction,
  whenNoneAvailable: optional(oneOf('fail', 'try-all')),
  healthCheck: aFunction,
  healthCheckIntervalMs: optional(delay(1)),
  hedge: optional(ofType('object')),
  lastResort: aFunction,
  clock: optional(having('now', 'a clock')),
  onAdvance: aFunction,
  onUnavailable: aFunction,
  onRecovered: aFunction,
}

const HEDGE_CHECKS: Readonly<Record<keyof HedgeOptions, Check>> = {
  afterMs: [(value) => value === 'p95' || delay(0)[0](value), `'p95' or ${delay(0)[1]}`],
  maxExtraRatio: optional(aPart),
}

const RUN_CHECKS: Readonly<Record<keyof FallbackRunOptions<never>, Check>> = {
  signal: optional(aSignal),
  targets: optional(targets),
  hedge: optional([(value) => typeof value === 'object' || value === false, 'an object, or false']),
}
