import type { FallbackAnswer } from './answer.ts'
import { ChainStrategy } from './chain-strategy.ts'
import type { HealthBoard } from './health-board.ts'
import { HedgeBudget, type HedgeOptions } from './hedge.ts'
import { inTurn } from './in-turn.ts'
import {
  validateChainOptions,
  validateRunOptions,
  type FallbackChainOptions,
  type FallbackRunOptions,
} from './options.ts'
import { race } from './race.ts'
import { rejection } from './rejection.ts'
import { Run, type Operation } from './run.ts'

/**
 * Targets that stand in for each other: the first available one is called, in an order of your choice, and the next one if it
 * fails. The chain remembers how each fares, leaves out what keeps failing, and notices when that has recovered.
 *
 * @example
 * const chain = new FallbackChain({ targets: [{ name: 'gpt-4' }, { name: 'gpt-3.5-turbo' }] })
 * const { value, target } = await chain.run((model, { signal }) => ask(model.name, signal))
 */
export class FallbackChain<Target extends { readonly name: string }, Last = never> {
  /** What is known of each target. */
  readonly health: HealthBoard
  readonly #options: FallbackChainOptions<Target>
  readonly #strategy: ChainStrategy<Target>
  readonly #hedge: HedgeBudget<Target> | undefined
  readonly #hedges = new WeakMap<HedgeOptions, HedgeBudget<Target>>()

  /** Made once: it is asked at every run. */
  readonly #isAvailable = (target: Target): boolean => this.#strategy.isAvailable(target)

  /** @throws TypeError for an option that does not exist or makes no sense */
  constructor(options: FallbackChainOptions<Target, Last>) {
    validateChainOptions(options)
    this.#options = { ...options }
    this.#strategy = new ChainStrategy(this.#options)
    this.health = this.#strategy.health
    this.#hedge = options.hedge && new HedgeBudget(options.hedge, this.health)
  }

  /**
   * Calls the operation with one target after the other until it answers.
   *
   * @param operation may be called at once for two targets if there is a hedge; with a stream, it should resolve with the first
   * content, as the next target is called for what fails before it resolves, and nothing is done about what fails after that
   * @throws AllTargetsFailedError if no target answered and there is no last resort, or it threw; the error of a target itself if
   * it does not advance; the signal's reason if it aborts
   */
  run<T>(
    operation: Operation<Target, T>,
    options: FallbackRunOptions<Target> = NO_OPTIONS,
  ): Promise<FallbackAnswer<T | Last>> {
    try {
      if (options !== NO_OPTIONS) validateRunOptions(options)
      const { order, whenNoneAvailable } = this.#options
      const given = options.targets ?? this.#options.targets
      const hedge = options.hedge === undefined ? this.#hedge : this.#hedgeOf(options.hedge)
      const targets = order ? order(given, this.health) : given
      const callAll = whenNoneAvailable !== 'fail' && !targets.some(this.#isAvailable)
      hedge?.earn()
      const run = new Run(this.#strategy, targets, operation, options.signal, callAll)
      return (hedge ? race(run, hedge) : inTurn(run)) as Promise<FallbackAnswer<T | Last>>
    } catch (error) {
      return rejection(error)
    }
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
    this.#strategy.checks?.start(this.#options.targets)
  }

  /** Ends the health checks, also those going on. Runs go on, and may be made. */
  close(): void {
    this.#strategy.checks?.close()
  }
}

const NO_OPTIONS = {}
