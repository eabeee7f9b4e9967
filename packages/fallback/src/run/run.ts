import { rejection } from '@harbor/parts'
import type { Clock } from '../clock.ts'
import { LiveAttempt, Skip, type Failed, type FallbackContext } from './context.ts'
import type { Judge } from './should-advance.ts'
import type { TargetAttempt } from './target-attempt.ts'

/** Calls one target. Its value, or what its promise resolves to, is the answer; if it throws or rejects, the target has failed. */
export type Operation<Target, T> = (target: Target, context: FallbackContext) => T | PromiseLike<T>

/**
 * The parts of a run that differ between `fallback` and a `FallbackChain`: which targets may be called, what is recorded, and
 * what the run resolves to.
 */
export interface Strategy<Target extends { readonly name: string }, T, Answer, Given = unknown> {
  readonly clock: Clock
  /** Makes a target of what was given in its place, when its turn comes. @default what was given is a target already */
  targetOf?(given: Given, place: number): Target
  /** Whether a target may be called. Checked when the target's turn comes. @default always */
  admits?(target: Target): boolean
  /** Creates the judge that decides, for one run, after which errors the next target is called. */
  judge(): Judge<Target>
  onFailure?(target: Target, error: unknown): void
  onAdvance(from: Target, to: Target, error: unknown): void
  /** Returns what the run resolves to, after the attempt `live` was answered with `value`. */
  answer(run: Run<Target, T, Answer>, live: LiveAttempt<Target>, value: T): Answer
  /** Returns what the run resolves to when no target has answered, such as a last resort. Rejects if there is none. */
  giveUp(attempts: readonly TargetAttempt[]): Promise<Answer>
}

/**
 * The state of one run: the targets that are left, and the outcomes of the others. The functions `inTurn` and `race` decide
 * when the next target is called.
 */
export class Run<Target extends { readonly name: string }, T, Answer, Given = unknown> {
  readonly strategy: Strategy<Target, T, Answer, Given>
  readonly signal: AbortSignal | undefined
  /** The outcome at each target so far, in the order of the targets. */
  attempts: TargetAttempt[] = []
  readonly #targets: readonly Given[]
  readonly #operation: Operation<Target, T>
  /** Whether to call unavailable targets too. */
  readonly #callAll: boolean
  #judge: Judge<Target> | undefined
  #next = 0
  #called = 0

  constructor(
    strategy: Strategy<Target, T, Answer, Given>,
    targets: readonly Given[],
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

  /** Whether any targets are left to try. */
  get hasNext(): boolean {
    return this.#next < this.#targets.length
  }

  /**
   * Creates the attempt for the next target, and records the targets that are skipped before it. Returns `undefined` if no
   * target is left.
   *
   * @param failed the target whose failure led to this attempt, if any
   * @param signal the caller's signal, for the operation; `undefined` if the attempt needs a signal of its own
   */
  next(
    failed: Failed<Target> | undefined,
    signal: AbortSignal | undefined,
    hedged = false,
  ): LiveAttempt<Target> | undefined {
    while (this.hasNext) {
      const place = this.#next++
      const given = this.#targets[place] as Given
      const target = this.strategy.targetOf?.(given, place) ?? (given as unknown as Target)
      const reason = this.#reasonToSkip(target)
      if (reason === undefined) {
        if (failed) this.strategy.onAdvance(failed.target, target, failed.error)
        return new LiveAttempt(
          target,
          ++this.#called,
          hedged,
          place,
          this.strategy.clock.now(),
          signal,
          failed,
        )
      }
      this.write(place, { target: target.name, outcome: 'skipped', reason })
    }
    return undefined
  }

  /** Calls the operation for this attempt. Rejects without a call if the signal has aborted meanwhile, for example in a hook. */
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
   * Records the outcome at a target.
   *
   * @param place the index of the target in the list of targets, and so of its entry in `attempts`
   */
  write(place: number, attempt: TargetAttempt): void {
    // Most runs have one attempt. An array created with it takes less memory than one that grows.
    if (place === 0 && this.attempts.length === 0) this.attempts = [attempt]
    else this.attempts[place] = attempt
  }

  /** Records that an attempt was answered, or was abandoned because another attempt was answered. Returns its duration in milliseconds. */
  finish(
    { target, hedged, place, startedAt }: LiveAttempt<Target>,
    outcome: 'answered' | 'abandoned',
  ): number {
    const durationMs = this.strategy.clock.now() - startedAt
    this.write(place, { target: target.name, outcome, hedged, durationMs })
    return durationMs
  }

  /**
   * Records that an attempt failed, and returns the failed target. If the operation called `skip()`, records a skip and
   * returns the target whose failure led to the attempt, if any.
   *
   * @throws the error itself if no other target may be called after it
   */
  fail(live: LiveAttempt<Target>, error: unknown): Failed<Target> | undefined {
    const { target, hedged, place } = live
    if (error instanceof Skip) {
      this.write(place, { target: target.name, outcome: 'skipped', reason: error.reason })
      return live.after
    }
    const durationMs = this.strategy.clock.now() - live.startedAt
    this.write(place, { target: target.name, outcome: 'failed', hedged, durationMs, error })
    this.#judge ??= this.strategy.judge()
    if (!this.#judge.advances(error, target)) throw error
    this.strategy.onFailure?.(target, error)
    return { target, error }
  }

  /** Returns the reason to skip a target; `undefined` if the target is to be called. */
  #reasonToSkip(target: Target): string | undefined {
    return (
      this.#judge?.reasonToSkip(target) ??
      (this.#callAll || this.strategy.admits?.(target) !== false ? undefined : 'unavailable')
    )
  }
}
