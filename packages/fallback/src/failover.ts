import { AllTargetsFailedError } from './all-targets-failed-error.ts'
import { LiveAttempt, Skip, type FallbackContext } from './context.ts'
import { letGo } from './let-go.ts'
import type { Judge } from './should-advance.ts'
import { unref } from './unref.ts'
import type { TargetAttempt } from './target-attempt.ts'

export type Operation<Target, T> = (target: Target, context: FallbackContext) => T | PromiseLike<T>

/** What one run does with its targets. */
export interface Strategy<Target> {
  now(): number
  /** Whether a target is called when it is its turn. */
  admits(target: Target): boolean
  /** Judges the errors of one run, from the first. */
  judge(): Judge<Target>
  onAnswer?(target: Target, durationMs: number): void
  /** It was still going on after so long, when another one had answered. */
  onAbandon?(target: Target, durationMs: number): void
  onFailure?(target: Target, error: unknown): void
  onAdvance?(from: Target, to: Target, error: unknown): void
  /** Answers when no target did, with what became of them. */
  lastResort?: ((failures: readonly TargetAttempt[]) => unknown) | undefined
  /** If there may be hedges at all. */
  readonly hedge?: Hedge<Target> | undefined
}

export interface Hedge<Target> {
  /** After how long a second attempt joins one that this target makes, in milliseconds; `undefined` for never. */
  delayMs(target: Target): number | undefined
  /** Whether there may be one more now, which then counts. */
  take(): boolean
}

/** How a run ended well. */
export interface FallbackAnswer<T> {
  value: T
  /** The name of the target that answered; `last resort` if none did. */
  target: string
  /** Whether the last resort had to answer, as no target did. */
  degraded: boolean
  /** What became of each target, in order. */
  attempts: readonly TargetAttempt[]
}

/**
 * One run over targets, in their order.
 *
 *     next target ── answered ──────────────────────────────▶ resolve; what still goes on is aborted
 *       ▲     ▲ └─── failed ──▶ does it advance? ── no ─────▶ reject with that error
 *       │     └── yes, and no other attempt goes on; no target left ──▶ the last resort, or AllTargetsFailedError
 *       └── an attempt takes long and a hedge is allowed: once a run
 *
 * The caller's abort leads out of every place at once, with its reason.
 */
export class Failover<Target extends { readonly name: string }, T> {
  readonly #strategy: Strategy<Target>
  readonly #targets: readonly Target[]
  readonly #operation: Operation<Target, T>
  readonly #signal: AbortSignal | undefined
  /** Whether unavailable targets are called as well. */
  readonly #callAll: boolean
  readonly #end = Promise.withResolvers<FallbackAnswer<T>>()
  readonly #attempts: TargetAttempt[] = []
  /** What goes on. */
  #live: readonly LiveAttempt<Target>[] = []
  #judge: Judge<Target> | undefined
  #next = 0
  #called = 0
  #open = true
  #mayHedge: boolean
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    strategy: Strategy<Target>,
    targets: readonly Target[],
    operation: Operation<Target, T>,
    signal: AbortSignal | undefined,
    callAll: boolean,
  ) {
    this.#strategy = strategy
    this.#targets = targets
    this.#operation = operation
    this.#signal = signal
    this.#callAll = callAll
    this.#mayHedge = strategy.hedge !== undefined
  }

  /** Once only. */
  run(): Promise<FallbackAnswer<T>> {
    this.#signal?.addEventListener('abort', this.#abort)
    if (this.#signal?.aborted) this.#abort()
    else this.#callNext()
    return this.#end.promise
  }

  /** Calls the next target that is not left out. If there is none and nothing goes on, the run has failed. */
  #callNext(failed?: { target: Target; error: unknown }, hedged = false): void {
    try {
      while (this.#open) {
        const target = this.#targets[this.#next++]
        if (!target) {
          if (this.#live.length === 0) void this.#giveUp()
          return
        }
        const reason = this.#reasonToSkip(target)
        if (reason === undefined) {
          if (failed) this.#strategy.onAdvance?.(failed.target, target, failed.error)
          this.#call(target, hedged)
          return
        }
        this.#attempts.push({ target: target.name, outcome: 'skipped', reason })
      }
    } catch (error) {
      // One of the caller's own functions threw: there is nothing to go by.
      this.#reject(error)
    }
  }

  #reasonToSkip(target: Target): string | undefined {
    return (
      this.#judge?.reasonToSkip(target) ??
      (this.#callAll || this.#strategy.admits(target) ? undefined : 'unavailable')
    )
  }

  #call(target: Target, hedged: boolean): void {
    // The caller may have aborted from within a hook.
    if (!this.#open) return
    const { hedge } = this.#strategy
    // Its place is that of its beginning; what stands there is written over when it ends.
    const place =
      this.#attempts.push({ target: target.name, outcome: 'abandoned', hedged, durationMs: 0 }) - 1
    const live = new LiveAttempt(
      target,
      ++this.#called,
      hedged,
      place,
      this.#strategy.now(),
      hedge ? undefined : this.#signal,
    )
    this.#live = [...this.#live, live]

    let result: T | PromiseLike<T>
    try {
      result = this.#operation(target, live)
    } catch (error) {
      this.#fail(live, error)
      return
    }
    Promise.resolve(result).then(
      (value) => this.#answer(live, value),
      (error: unknown) => this.#fail(live, error),
    )
    this.#armHedge(target)
  }

  #answer(live: LiveAttempt<Target>, value: T): void {
    if (!this.#open) {
      letGo(value)
      return
    }
    const durationMs = this.#record(live, 'answered')
    this.#close()
    this.#strategy.onAnswer?.(live.target, durationMs)
    for (const loser of this.#live) {
      const waitedMs = this.#record(loser, 'abandoned')
      loser.abort(new DOMException('another target has answered', 'AbortError'))
      this.#strategy.onAbandon?.(loser.target, waitedMs)
    }
    this.#end.resolve({ value, target: live.target.name, degraded: false, attempts: this.#attempts })
  }

  #fail(live: LiveAttempt<Target>, error: unknown): void {
    if (!this.#open) return
    const { target } = live
    this.#record(live, 'failed', error)
    const failed = error instanceof Skip ? undefined : { target, error }
    try {
      if (failed && !(this.#judge ??= this.#strategy.judge()).advances(error, target)) {
        this.#reject(error)
        return
      }
    } catch (thrown) {
      this.#reject(thrown)
      return
    }
    if (failed) this.#strategy.onFailure?.(target, error)
    // A hedge that still goes on is the next target already.
    if (this.#live.length === 0) this.#callNext(failed)
  }

  async #giveUp(): Promise<void> {
    const attempts = this.#attempts
    const { lastResort } = this.#strategy
    if (!lastResort) {
      this.#reject(new AllTargetsFailedError(attempts))
      return
    }
    try {
      const value = (await lastResort(attempts)) as T
      this.#close()
      this.#end.resolve({ value, target: 'last resort', degraded: true, attempts })
    } catch (cause) {
      this.#reject(new AllTargetsFailedError(attempts, cause))
    }
  }

  /** Writes down how an attempt ended, where it was when it began. Returns how long it took. */
  #record(live: LiveAttempt<Target>, outcome: 'answered' | 'failed' | 'abandoned', error?: unknown): number {
    const { target, hedged, place, startedAt } = live
    const durationMs = this.#strategy.now() - startedAt
    this.#live = this.#live.filter((other) => other !== live)
    this.#attempts[place] =
      error instanceof Skip
        ? { target: target.name, outcome: 'skipped', reason: error.reason }
        : outcome === 'failed'
          ? { target: target.name, outcome, hedged, durationMs, error }
          : { target: target.name, outcome, hedged, durationMs }
    return durationMs
  }

  #armHedge(target: Target): void {
    if (!this.#open || !this.#mayHedge || this.#next >= this.#targets.length) return
    clearTimeout(this.#timer)
    const delayMs = this.#strategy.hedge?.delayMs(target)
    if (delayMs === undefined) return
    this.#timer = setTimeout(() => {
      this.#mayHedge = false
      if (this.#strategy.hedge?.take()) this.#callNext(undefined, true)
    }, delayMs)
    unref(this.#timer)
  }

  readonly #abort = (): void => {
    this.#reject(this.#signal?.reason)
  }

  #reject(reason: unknown): void {
    if (!this.#open) return
    this.#close()
    if (this.#strategy.hedge) for (const live of this.#live) live.abort(reason)
    this.#end.reject(reason)
  }

  /** Nothing that comes later changes anything. */
  #close(): void {
    this.#open = false
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
  }
}
