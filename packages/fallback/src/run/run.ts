import { rejection } from '@harbor/parts'
import type { Clock } from '../clock.ts'
import { LiveAttempt, Skip, type FallbackContext } from './context.ts'
import type { Judge } from './should-advance.ts'
import type { TargetAttempt } from './target-attempt.ts'

export type Operation<Target, T> = (target: Target, context: FallbackContext) => T | PromiseLike<T>

/** The differences between `fallback` and a `FallbackChain`: which targets may be called, what is recorded, and the result. */
export interface Strategy<Target extends { readonly name: string }, T, Answer> {
  readonly clock: Clock
  /** Whether a target may be called when it is its turn. @default always */
  admits?(target: Target): boolean
  /** Creates the judge for the errors of one run. */
  judge(): Judge<Target>
  onFailure?(target: Target, error: unknown): void
  onAdvance(from: Target, to: Target, error: unknown): void
  /** Returns the result of the run when this attempt has answered. */
  answer(run: Run<Target, T, Answer>, live: LiveAttempt<Target>, value: T): Answer
  /** Returns the result of the run when no target has answered; rejects if there is no such result. */
  giveUp(attempts: readonly TargetAttempt[]): Promise<Answer>
}

/** A target that failed with an error after which another one may be called. */
export interface Failed<Target> {
  readonly target: Target
  readonly error: unknown
}

/**
 * The state of one run: which targets are left, and what happened at the others. The functions `inTurn` and `race` decide when
 * the next target is called.
 */
export class Run<Target extends { readonly name: string }, T, Answer> {
  readonly strategy: Strategy<Target, T, Answer>
  readonly signal: AbortSignal | undefined
  /** What happened at each target, in order. */
  attempts: TargetAttempt[] = []
  readonly #targets: readonly Target[]
  readonly #operation: Operation<Target, T>
  /** Whether unavailable targets are called too. */
  readonly #callAll: boolean
  #judge: Judge<Target> | undefined
  #next = 0
  #called = 0

  constructor(
    strategy: Strategy<Target, T, Answer>,
    targets: readonly Target[],
    operation: Operation<Target, T>,
    signal: AbortSignal | undefined,
    callAll = false,
  ) {
    this.strategy = strategy
    this.signal = signal
    this.#targets = targets
    this.#operation = operation
    this.#callAll = callAll
  }

  /** Whether there are targets whose turn is still to come. */
  get hasNext(): boolean {
    return this.#next < this.#targets.length
  }

  /**
   * Creates the attempt for the next target that is not skipped. Returns `undefined` if no target is left.
   *
   * @param failed the failed target after which this one is called, if any
   * @param signal the signal for the operation; `undefined` if the attempt needs a signal of its own
   */
  next(
    failed: Failed<Target> | undefined,
    signal: AbortSignal | undefined,
    hedged = false,
  ): LiveAttempt<Target> | undefined {
    while (this.hasNext) {
      const place = this.#next++
      const target = this.#targets[place] as Target
      const reason = this.#reasonToSkip(target)
      if (reason === undefined) {
        if (failed) this.strategy.onAdvance(failed.target, target, failed.error)
        return new LiveAttempt(target, ++this.#called, hedged, place, this.strategy.clock.now(), signal)
      }
      this.write(place, { target: target.name, outcome: 'skipped', reason })
    }
    return undefined
  }

  /** Calls the operation, unless a hook has aborted the run. */
  call(live: LiveAttempt<Target>): Promise<T> {
    try {
      this.signal?.throwIfAborted()
      const result = this.#operation(live.target, live)
      return result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result)
    } catch (error) {
      return rejection(error)
    }
  }

  /**
   * Records what happened at a target.
   *
   * @param place the index of the target, so that `attempts` is in the order of the targets
   */
  write(place: number, attempt: TargetAttempt): void {
    // Most runs have one attempt. An array created with it takes less memory than one that grows.
    if (place === 0 && this.attempts.length === 0) this.attempts = [attempt]
    else this.attempts[place] = attempt
  }

  /** Records that an attempt was answered, or abandoned because another one was. Returns its duration in milliseconds. */
  finish(
    { target, hedged, place, startedAt }: LiveAttempt<Target>,
    outcome: 'answered' | 'abandoned',
  ): number {
    const durationMs = this.strategy.clock.now() - startedAt
    this.write(place, { target: target.name, outcome, hedged, durationMs })
    return durationMs
  }

  /**
   * Records that an attempt failed, and returns the failed target. Returns `undefined` for a skip, which is not a failure.
   *
   * @throws the error itself if no other target may be called after it
   */
  fail(live: LiveAttempt<Target>, error: unknown): Failed<Target> | undefined {
    const { target, hedged, place } = live
    if (error instanceof Skip) {
      this.write(place, { target: target.name, outcome: 'skipped', reason: error.reason })
      return undefined
    }
    const durationMs = this.strategy.clock.now() - live.startedAt
    this.write(place, { target: target.name, outcome: 'failed', hedged, durationMs, error })
    this.#judge ??= this.strategy.judge()
    if (!this.#judge.advances(error, target)) throw error
    this.strategy.onFailure?.(target, error)
    return { target, error }
  }

  /** Why a target is not called; `undefined` if it is called. */
  #reasonToSkip(target: Target): string | undefined {
    return (
      this.#judge?.reasonToSkip(target) ??
      (this.#callAll || this.strategy.admits?.(target) !== false ? undefined : 'unavailable')
    )
  }
}
