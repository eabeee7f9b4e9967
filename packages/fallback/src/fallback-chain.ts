import { systemClock, type Clock } from './clock.ts'
import { notify } from './events.ts'
import { Failover, type FallbackAnswer, type Operation, type Strategy } from './failover.ts'
import { HealthBoard } from './health-board.ts'
import { HealthChecks } from './health-checks.ts'
import { HedgeBudget, type HedgeOptions } from './hedge.ts'
import {
  validateChainOptions,
  validateRunOptions,
  type FallbackChainOptions,
  type FallbackRunOptions,
} from './options.ts'
import { judgeOf } from './should-advance.ts'

/**
 * Targets that stand in for each other: the first available one is called, in an order of your choice, and the next one if it
 * fails. The chain remembers how each fares, leaves out what keeps failing, and notices when that has recovered.
 *
 * @example
 * const chain = new FallbackChain({ targets: [{ name: 'gpt-4' }, { name: 'gpt-3.5-turbo' }] })
 * const { value, target } = await chain.run((model, { signal }) => ask(model.name, signal))
 */
export class FallbackChain<Target extends { readonly name: string }> {
  /** What is known of each target. */
  readonly health = new HealthBoard()
  readonly #options: FallbackChainOptions<Target>
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #strategy: Strategy<Target>
  readonly #hedge: HedgeBudget<Target> | undefined
  readonly #hedges = new WeakMap<HedgeOptions, HedgeBudget<Target>>()
  readonly #checks: HealthChecks<Target> | undefined

  /** @throws TypeError for an option that does not exist or makes no sense */
  constructor(options: FallbackChainOptions<Target>) {
    validateChainOptions(options)
    const { targets, hedge, healthCheck, healthCheckIntervalMs = 30_000, clock = systemClock } = options
    this.#options = { ...options }
    this.#clock = clock
    this.#intervalMs = healthCheckIntervalMs
    this.#hedge = hedge && new HedgeBudget(hedge, this.health)
    this.#checks =
      healthCheck &&
      new HealthChecks({
        intervalMs: healthCheckIntervalMs,
        isAvailable: this.#isAvailable,
        check: healthCheck,
        passed: (target) => {
          this.health.get(target.name).lastCheckAt = this.#clock.now()
          this.#recover(target, 'check')
        },
        failed: ({ name }, error) =>
          Object.assign(this.health.get(name), { lastCheckAt: this.#clock.now(), lastError: error }),
      })
    const { shouldAdvance, onAdvance, lastResort } = options
    this.#strategy = {
      now: () => clock.now(),
      admits: (target) => this.#admits(target),
      judge: () => judgeOf(shouldAdvance),
      onAnswer: (target, durationMs) => this.#answered(target, durationMs),
      onAbandon: ({ name }, durationMs) => this.health.get(name).abandoned(durationMs),
      onFailure: (target, error) => this.#failed(target, error),
      onAdvance: (from, to, error) => notify(onAdvance, { from, to, error }),
      lastResort,
      hedge: this.#hedge,
    }
    for (const { name } of targets) this.health.get(name)
  }

  /**
   * Calls the operation with one target after the other until it answers.
   *
   * @param operation may be called at once for two targets if there is a hedge; with a stream, it should resolve with the first
   * content, as the next target is called for what fails before it resolves, and nothing is done about what fails after that
   * @throws AllTargetsFailedError if no target answered and there is no last resort, or it threw; the error of a target itself if
   * it does not advance; the signal's reason if it aborts
   */
  async run<T>(
    operation: Operation<Target, T>,
    options: FallbackRunOptions<Target> = NO_OPTIONS,
  ): Promise<FallbackAnswer<T>> {
    if (options !== NO_OPTIONS) validateRunOptions(options)
    const { order, whenNoneAvailable } = this.#options
    const given = options.targets ?? this.#options.targets
    const hedge = options.hedge === undefined ? this.#hedge : this.#hedgeOf(options.hedge)
    const targets = order ? order(given, this.health) : given
    const callAll = whenNoneAvailable !== 'fail' && !targets.some(this.#isAvailable)
    hedge?.earn()
    const strategy = hedge === this.#hedge ? this.#strategy : { ...this.#strategy, hedge }
    return new Failover<Target, T>(strategy, targets, operation, options.signal, callAll).run()
  }

  /** Runs that bring the same options share their budget. */
  #hedgeOf(options: HedgeOptions | false): HedgeBudget<Target> | undefined {
    if (options === false) return undefined
    const budget = this.#hedges.get(options) ?? new HedgeBudget<Target>(options, this.health)
    this.#hedges.set(options, budget)
    return budget
  }

  /** Begins to check the health of targets that are unavailable. Its timer keeps no process alive. */
  start(): void {
    this.#checks?.start(this.#options.targets)
  }

  /** Ends the health checks, also those going on. Runs go on, and may be made. */
  close(): void {
    this.#checks?.close()
  }

  readonly #isAvailable = (target: Target): boolean => {
    const { isAvailable } = this.#options
    return isAvailable ? isAvailable(target) : this.health.get(target.name).available
  }

  /** Whether a target is called; without health checks, one call an interval is let through to an unavailable one to see. */
  #admits(target: Target): boolean {
    if (this.#isAvailable(target)) return true
    this.#checks?.watch(target)
    if (this.#options.isAvailable || this.#checks?.started) return false
    const health = this.health.get(target.name)
    const now = this.#clock.now()
    if (now < health.retryAt) return false
    health.retryAt = now + this.#intervalMs
    return true
  }

  #answered(target: Target, durationMs: number): void {
    const health = this.health.get(target.name)
    health.answered(durationMs)
    if (!health.available) this.#recover(target, 'call')
  }

  #failed(target: Target, error: unknown): void {
    const { isAvailable, failureThreshold = 3, onUnavailable } = this.#options
    const health = this.health.get(target.name)
    health.failed(error)
    if (isAvailable) this.#checks?.watch(target)
    if (isAvailable || health.failuresInARow < failureThreshold) return
    health.retryAt = this.#clock.now() + this.#intervalMs
    if (!health.available) return
    health.available = false
    this.#checks?.watch(target)
    notify(onUnavailable, { target, error, health })
  }

  #recover(target: Target, by: 'check' | 'call'): void {
    const health = this.health.get(target.name)
    Object.assign(health, { available: true, failuresInARow: 0 })
    notify(this.#options.onRecovered, { target, by, health })
    this.#checks?.watch(target)
  }
}

const NO_OPTIONS = {}
