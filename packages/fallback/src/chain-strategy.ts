import { AllTargetsFailedError } from './all-targets-failed-error.ts'
import { record, type FallbackAnswer } from './answer.ts'
import { systemClock, type Clock } from './clock.ts'
import type { LiveAttempt } from './context.ts'
import { notify } from './events.ts'
import { HealthBoard } from './health-board.ts'
import { HealthChecks, type Patient } from './health-checks.ts'
import type { FallbackChainOptions } from './options.ts'
import type { Run, Strategy } from './run.ts'
import { judgeOf, type Judge } from './should-advance.ts'
import type { TargetAttempt } from './target-attempt.ts'

type Answer = FallbackAnswer<unknown>

/** What a chain remembers of its targets, and what follows from it for a run. */
export class ChainStrategy<Target extends { readonly name: string }>
  implements Strategy<Target, unknown, Answer>, Patient<Target>
{
  readonly health = new HealthBoard()
  readonly clock: Clock
  readonly checks: HealthChecks<Target> | undefined
  readonly #options: Readonly<FallbackChainOptions<Target>>
  readonly #intervalMs: number

  /** @param options that have been checked, and do not change */
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

  /** Without health checks, one call an interval is let through to an unavailable target to see. */
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
    health.answered(record(run, live, 'answered'))
    if (!health.available) this.#recover(target, 'call')
    return { value, target: target.name, degraded: false, attempts: run.attempts }
  }

  onFailure(target: Target, error: unknown): void {
    const { isAvailable, failureThreshold = 3, onUnavailable } = this.#options
    const health = this.health.get(target.name)
    health.failed(error)
    if (isAvailable) this.checks?.watch(target)
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
