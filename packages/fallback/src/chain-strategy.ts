import { AllTargetsFailedError } from './all-targets-failed-error.ts'
import { systemClock, type Clock } from './clock.ts'
import { notify } from './events.ts'
import { HealthBoard } from './health/health-board.ts'
import { HealthChecks, type HealthCheckHost } from './health/health-checks.ts'
import type { FallbackChainOptions } from './options.ts'
import type { LiveAttempt } from './run/context.ts'
import type { Run, Strategy } from './run/run.ts'
import { judgeOf, type Judge } from './run/should-advance.ts'
import type { TargetAttempt } from './run/target-attempt.ts'

/** The result of a run of a chain: the value, the target it came from, and what happened at the others. */
export interface FallbackAnswer<T> {
  /** What the operation returned for the target that answered, or the value of the last resort. */
  value: T
  /** The name of the target that answered; `last resort` if none did. */
  target: string
  /** Whether the value comes from the last resort, because no target answered. */
  degraded: boolean
  /**
   * What happened at each target that was reached, in the order of the targets: answered, failed, abandoned or skipped. Targets after the one that
   * answered are missing.
   */
  attempts: readonly TargetAttempt[]
}

type Answer = FallbackAnswer<unknown>

/** The strategy of a `FallbackChain`: records the health of each target, and skips unavailable targets. */
export class ChainStrategy<Target extends { readonly name: string }>
  implements Strategy<Target, unknown, Answer>, HealthCheckHost<Target>
{
  readonly health = new HealthBoard()
  readonly clock: Clock
  readonly checks: HealthChecks<Target> | undefined
  readonly #options: Readonly<FallbackChainOptions<Target>>
  readonly #intervalMs: number

  /** @param options the options of the chain, already checked; they must not change later */
  constructor(options: Readonly<FallbackChainOptions<Target>>) {
    const { targets, healthCheck, healthCheckIntervalMs = 30_000, clock = systemClock } = options
    this.#options = options
    this.clock = clock
    this.#intervalMs = healthCheckIntervalMs
    this.checks = healthCheck && new HealthChecks(this, healthCheck, healthCheckIntervalMs)
    for (const { name } of targets) this.health.get(name)
  }

  isAvailable(target: Target): boolean {
    const { isAvailable } = this.#options
    return isAvailable ? isAvailable(target) : this.health.get(target.name).available
  }

  /**
   * Whether a target may be called. Without health checks, an unavailable target may be called once per interval, to find out
   * whether it works again.
   */
  admits(target: Target): boolean {
    if (this.isAvailable(target)) return true
    this.checks?.watch(target)
    if (this.#options.isAvailable || this.checks?.started) return false
    const health = this.health.get(target.name)
    const now = this.clock.now()
    if (now < health.retryAt) return false
    health.retryAt = now + this.#intervalMs
    return true
  }

  checked(target: Target, failure?: { readonly error: unknown }): void {
    const health = this.health.get(target.name)
    health.lastCheckAt = this.clock.now()
    if (failure) health.lastError = failure.error
    else this.#recover(target, 'check')
  }

  judge(): Judge<Target> {
    return judgeOf(this.#options.shouldAdvance)
  }

  answer(run: Run<Target, unknown, Answer>, live: LiveAttempt<Target>, value: unknown): Answer {
    const { target } = live
    const health = this.health.get(target.name)
    health.answered(run.finish(live, 'answered'))
    if (!health.available) this.#recover(target, 'call')
    return { value, target: target.name, degraded: false, attempts: run.attempts }
  }

  onFailure(target: Target, error: unknown): void {
    const { isAvailable, countsAsFailure, failureThreshold = 3, onUnavailable } = this.#options
    if (isAvailable) this.checks?.watch(target)
    if (countsAsFailure?.(error, target) === false) return
    const health = this.health.get(target.name)
    health.failed(error)
    if (isAvailable || health.failuresInARow < failureThreshold) return
    health.retryAt = this.clock.now() + this.#intervalMs
    if (!health.available) return
    health.available = false
    this.checks?.watch(target)
    notify(onUnavailable, { target, error, health })
  }

  onAdvance(from: Target, to: Target, error: unknown): void {
    notify(this.#options.onAdvance, { from, to, error })
  }

  async giveUp(attempts: readonly TargetAttempt[]): Promise<Answer> {
    const { lastResort } = this.#options
    if (!lastResort) throw new AllTargetsFailedError(attempts)
    try {
      return { value: await lastResort(attempts), target: 'last resort', degraded: true, attempts }
    } catch (cause) {
      throw new AllTargetsFailedError(attempts, cause)
    }
  }

  #recover(target: Target, by: 'check' | 'call'): void {
    const health = this.health.get(target.name)
    health.available = true
    health.failuresInARow = 0
    notify(this.#options.onRecovered, { target, by, health })
    this.checks?.watch(target)
  }
}
