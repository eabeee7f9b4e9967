import { AllTargetsFailedError } from './all-targets-failed-error.ts'
import { systemClock } from './clock.ts'
import type { FallbackContext } from './context.ts'
import { notify, type AdvanceEvent } from './events.ts'
import { inTurn } from './in-turn.ts'
import { rejection } from './rejection.ts'
import { Run, type Strategy } from './run.ts'
import { judgeOf, type Judge } from './should-advance.ts'
import type { TargetAttempt } from './target-attempt.ts'
import { aFunction, aSignal, expect, validate, type Check } from './validate.ts'

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
export function fallback<T>(
  targets: readonly (NamedTarget<T> | TargetFunction<T>)[],
  options: FallbackOptions<T> = NO_OPTIONS,
): Promise<T> {
  try {
    expect('targets', targets, someTargets)
    if (options !== NO_OPTIONS) validate(options, CHECKS)
    return inTurn(new Run(new Plainly(options), targets.map(named), call, options.signal))
  } catch (error) {
    return rejection(error)
  }
}

/** The answer and nothing else, and no memory of anything. */
class Plainly<T> implements Strategy<NamedTarget<T>, T, T> {
  readonly clock = systemClock
  readonly #options: FallbackOptions<T>
  constructor(options: FallbackOptions<T>) {
    this.#options = options
  }
  judge(): Judge<NamedTarget<T>> {
    return judgeOf(this.#options.shouldAdvance)
  }
  onAdvance(from: NamedTarget<T>, to: NamedTarget<T>, error: unknown): void {
    notify(this.#options.onAdvance, { from, to, error })
  }
  answer(_run: unknown, _live: unknown, value: T): T {
    return value
  }
  giveUp(attempts: readonly TargetAttempt[]): Promise<never> {
    return rejection(new AllTargetsFailedError(attempts))
  }
}

const call = <T>(target: NamedTarget<T>, context: FallbackContext): T | PromiseLike<T> => target.run(context)

function named<T>(target: NamedTarget<T> | TargetFunction<T>, index: number): NamedTarget<T> {
  return typeof target === 'function' ? new NamedFunction(target, index) : target
}

/** A function as a target. Its name is looked for only when something went wrong: functions are slow to tell it. */
class NamedFunction<T> implements NamedTarget<T> {
  readonly run: TargetFunction<T>
  readonly #index: number
  constructor(run: TargetFunction<T>, index: number) {
    this.run = run
    this.#index = index
  }
  get name(): string {
    return this.run.name || `target ${this.#index + 1}`
  }
}

const someTargets: Check = (value) =>
  (Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (target: Partial<NamedTarget<unknown>> | null) =>
        typeof target === 'function' || typeof target?.run === 'function',
    )) ||
  'a list of at least one function, or { name, run }'

const NO_OPTIONS = {}

const CHECKS = { signal: aSignal, shouldAdvance: aFunction, onAdvance: aFunction }
