import { rejection } from '@harbor/parts'
import { AllTargetsFailedError } from './all-targets-failed-error.ts'
import { systemClock } from './clock.ts'
import { notify, type AdvanceEvent } from './events.ts'
import type { FallbackContext } from './run/context.ts'
import { inTurn } from './run/in-turn.ts'
import { Run, type Strategy } from './run/run.ts'
import { judgeOf, type Judge } from './run/should-advance.ts'
import type { TargetAttempt } from './run/target-attempt.ts'
import { aFunction, aSignal, checksOf, expectValue, validate, type Check } from './validate.ts'

/**
 * A function that calls one target. If it throws or rejects, the next target is called. Its value, or what its promise resolves to, is the result of
 * the run.
 */
export type TargetFunction<T> = (context: FallbackContext) => T | PromiseLike<T>

/** One target of `fallback`, with a name for errors and events. */
export interface NamedTarget<T> {
  /** The name of the target in errors, events and attempts. Need not be unique. */
  readonly name: string
  /** Calls the target. Receives the attempt, with its signal. */
  readonly run: TargetFunction<T>
  /**
   * Identifies the credential of the target, compared with `===`. After a 401 or 403, the later targets with the same credential are skipped.
   * @default none: the target is never skipped for this reason
   */
  readonly credential?: unknown
}

/** Options of `fallback`: the signal of the run, after which errors the next target is called, and a listener. All are optional. */
export interface FallbackOptions<T> {
  /** Aborts the run, which rejects at once with the signal's reason and calls no other target. @default none */
  signal?: AbortSignal | undefined
  /**
   * Whether to call the next target after this error; if not, the run rejects with this error. If the function throws, the run rejects with the
   * thrown error. @default false after status 400, 405, 406, 413, 415, 422 or refused content, otherwise true. After 401 and 403, targets with the
   * same `credential` are skipped
   */
  shouldAdvance?: ((error: unknown, target: NamedTarget<T>) => boolean) | undefined
  /**
   * Called before the next target is called. If that target calls `skip()`, `onAdvance` is called again for the target after it. If `onAdvance`
   * throws, a warning is emitted and nothing else changes. @default none
   */
  onAdvance?: ((event: AdvanceEvent<NamedTarget<T>>) => void) | undefined
}

/**
 * Calls one target after the other until one answers. Keeps no state between runs; for health records, health checks, orders and hedging, use
 * `FallbackChain`.
 *
 * @param targets at least one: functions, or functions with names for errors and events
 * @returns the first answer
 * @throws AllTargetsFailedError if all targets failed; the error of a target if no other target may be called after it (see `shouldAdvance`); the
 * signal's reason if the signal aborts; a TypeError for a wrong option. All as a rejection
 */
export function fallback<T>(
  targets: readonly (NamedTarget<T> | TargetFunction<T>)[],
  options: FallbackOptions<T> = NO_OPTIONS,
): Promise<T> {
  try {
    expectValue('targets', targets, someTargets)
    if (options !== NO_OPTIONS) validate(options, CHECKS)
    return inTurn(new Run(new PlainStrategy(options), targets.slice(), call, options.signal))
  } catch (error) {
    return rejection(error)
  }
}

/** What may stand in the list of targets. */
type Given<T> = NamedTarget<T> | TargetFunction<T>

/** The strategy of `fallback`: records no health, and returns the answer of the target unchanged. */
class PlainStrategy<T> implements Strategy<NamedTarget<T>, T, T, Given<T>> {
  readonly clock = systemClock
  readonly #options: FallbackOptions<T>
  constructor(options: FallbackOptions<T>) {
    this.#options = options
  }
  /** A function gets a name when its turn comes: most targets are never called. */
  targetOf(given: Given<T>, place: number): NamedTarget<T> {
    return typeof given === 'function' ? new NamedFunction(given, place) : given
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

/** A function as a target. Its name is read only after a failure, since reading the name of a function is slow. */
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

const CHECKS = /* @__PURE__ */ checksOf({
  signal: aSignal,
  shouldAdvance: aFunction,
  onAdvance: aFunction,
})
