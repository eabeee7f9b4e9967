import { systemClock } from './clock.ts'
import type { FallbackContext } from './context.ts'
import { Failover, type Strategy } from './failover.ts'
import { notify, type AdvanceEvent } from './events.ts'
import { judgeOf } from './should-advance.ts'
import { aSignal, expect, ofType, optional, validate, type Check } from './validate.ts'

/** What is called; the next one is if it fails. */
export type TargetFunction<T> = (context: FallbackContext) => T | PromiseLike<T>

export interface NamedTarget<T> {
  readonly name: string
  readonly run: TargetFunction<T>
  /** Anything that tells credentials apart: after a 401 or 403 the other targets with the same one are left out. */
  readonly credential?: unknown
}

export interface FallbackOptions<T> {
  /** Its abort ends everything at once with its reason. */
  signal?: AbortSignal | undefined
  /** Whether to go on to the next target after this error. @default not if the request is wrong in itself, or was refused for its content */
  shouldAdvance?: ((error: unknown, target: NamedTarget<T>) => boolean) | undefined
  /** Told before the next target is called. If it throws, a warning is emitted and nothing else changes. */
  onAdvance?: ((event: AdvanceEvent<NamedTarget<T>>) => void) | undefined
}

/**
 * Calls one target after the other until one answers. It remembers nothing from call to call, and marks nothing: for that, and
 * for more, there is `FallbackChain`.
 *
 * @param targets functions, or functions with names for errors and events
 * @returns the first answer
 * @throws AllTargetsFailedError if all failed, the error itself if it does not advance, the signal's reason if it aborts
 */
export async function fallback<T>(
  targets: readonly (NamedTarget<T> | TargetFunction<T>)[],
  options: FallbackOptions<T> = NO_OPTIONS,
): Promise<T> {
  expect('targets', targets, someTargets)
  if (options !== NO_OPTIONS) validate(options, CHECKS)
  const { signal, shouldAdvance, onAdvance } = options
  const strategy: Strategy<NamedTarget<T>> = {
    now: () => systemClock.now(),
    admits: () => true,
    judge: () => judgeOf(shouldAdvance),
    onAdvance: (from, to, error) => notify(onAdvance, { from, to, error }),
  }
  const run = new Failover(
    strategy,
    targets.map(named),
    (target, context) => target.run(context),
    signal,
    true,
  )
  return (await run.run()).value
}

function named<T>(target: NamedTarget<T> | TargetFunction<T>, index: number): NamedTarget<T> {
  return typeof target === 'function' ? { name: target.name || `target ${index + 1}`, run: target } : target
}

const someTargets: Check = [
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((target: Partial<NamedTarget<unknown>> | null) =>
      [target, target?.run].some((run) => typeof run === 'function'),
    ),
  'a list of at least one function, or { name, run }',
]

const NO_OPTIONS = {}

const CHECKS = {
  signal: optional(aSignal),
  shouldAdvance: optional(ofType('function')),
  onAdvance: optional(ofType('function')),
}
