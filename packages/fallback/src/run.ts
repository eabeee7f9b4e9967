import type { Clock } from './clock.ts'
import { LiveAttempt, Skip, type FallbackContext } from './context.ts'
import { rejection } from './rejection.ts'
import type { Judge } from './should-advance.ts'
import type { TargetAttempt } from './target-attempt.ts'

export type Operation<Target, T> = (target: Target, context: FallbackContext) => T | PromiseLike<T>

/** What a run does with its targets, what it comes to, and whom it tells. */
export interface Strategy<Target extends { readonly name: string }, T, Answer> {
  readonly clock: Clock
  /** Whether a target is called when it is its turn. @default always */
  admits?(target: Target): boolean
  /** Judges the errors of one run, from the first. */
  judge(): Judge<Target>
  onFailure?(target: Target, error: unknown): void
  onAdvance(from: Target, to: Target, error: unknown): void
  /** What the run resolves to when this attempt has answered. */
  answer(run: Run<Target, T, Answer>, live: LiveAttempt<Target>, value: T): Answer
  /** What it resolves to when no target has, or rejects with. */
  giveUp(attempts: readonly TargetAttempt[]): Promise<Answer>
}

/** A target that failed, so that another one may do better. */
export interface Failed<Target> {
  readonly target: Target
  readonly error: unknown
}

/** What one run knows: which targets are left, and what became of the others. Who is called when is decided elsewhere. */
export class Run<Target extends { readonly name: string }, T, Answer> {
  readonly strategy: Strategy<Target, T, Answer>
  readonly signal: AbortSignal | undefined
  /** What became of each target, in order. */
  attempts: TargetAttempt[] = []
  readonly #targets: readonly Target[]
  readonly #operation: Operation<Target, T>
  /** Whether unavailable targets are called as well. */
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

  /** Whether there are targets whose turn has not come. */
  get hasNext(): boolean {
    return this.#next < this.#targets.length
  }

  /**
   * An attempt with the next target that is not left out, if there is one.
   *
   * @param failed whom it stands in for
   * @param signal what the operation is given; `undefined` if this attempt may have to be aborted by itself
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

  /** Calls the operation, unless the caller has aborted from within a hook. */
  call(live: LiveAttempt<Target>): Promise<T> {
    try {
      this.signal?.throwIfAborted()
      const result = this.#operation(live.target, live)
      return result instanceof Promise ? (result as Promise<T>) : Promise.resolve(result)
    } catch (error) {
      return rejection(error)
    }
  }

  /** Writes down what became of a target: where it stands, though another one may have ended first. */
  write(place: number, attempt: TargetAttempt): void {
    // Most runs have one. A list made with it takes less room than one that may grow.
    if (place === 0 && this.attempts.length === 0) this.attempts = [attempt]
    else this.attempts[place] = attempt
  }

  /**
   * This attempt has failed. If its target only said that it is unable, there is nothing to stand in for.
   *
   * @throws the error itself if no other target would do better
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

  #reasonToSkip(target: Target): string | undefined {
    return (
      this.#judge?.reasonToSkip(target) ??
      (this.#callAll || this.strategy.admits?.(target) !== false ? undefined : 'unavailable')
    )
  }
}
