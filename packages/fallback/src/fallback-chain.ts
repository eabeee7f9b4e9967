import { rejection } from '@harbor/parts'
import { ChainStrategy, type FallbackAnswer } from './chain-strategy.ts'
import type { HealthBoard } from './health/health-board.ts'
import {
  validateChainOptions,
  validateRunOptions,
  type FallbackChainOptions,
  type FallbackRunOptions,
} from './options.ts'
import { HedgeBudget, type HedgeOptions } from './run/hedge-budget.ts'
import { inTurn } from './run/in-turn.ts'
import { race } from './run/race.ts'
import { Run, type Operation } from './run/run.ts'

/**
 * Calls the first available target of several, and if it fails, the next one. You choose the order. The chain records the health of each target,
 * skips a target after `failureThreshold` failures in a row, and calls it again when it has recovered.
 *
 * ```ts
 * const chain = new FallbackChain({ targets: [{ name: 'gpt-4' }, { name: 'gpt-3.5-turbo' }] })
 * const { value, target } = await chain.run((model, { signal }) => ask(model.name, signal))
 * ```
 */
export class FallbackChain<Target extends { readonly name: string }, Last = never> {
  /** The health of each target, by name. Read it for statistics. The object is live: later calls change it. */
  readonly health: HealthBoard
  readonly #options: FallbackChainOptions<Target>
  readonly #strategy: ChainStrategy<Target>
  readonly #hedge: HedgeBudget<Target> | undefined
  /** The limits on the number of hedges (second calls), for runs with hedge options of their own. */
  readonly #budgets = new WeakMap<HedgeOptions, HedgeBudget<Target>>()

  /**
   * The function that says whether a target is available. It is a field, so that it is created only once and not in each run.
   */
  readonly #isAvailable = (target: Target): boolean => this.#strategy.isAvailable(target)

  /**
   * @param options only `targets` is required; see `FallbackChainOptions`
   * @throws TypeError for an option that does not exist or has a wrong value
   */
  constructor(options: FallbackChainOptions<Target, Last>) {
    validateChainOptions(options)
    this.#options = { ...options }
    this.#strategy = new ChainStrategy(this.#options)
    this.health = this.#strategy.health
    this.#hedge = options.hedge && new HedgeBudget(options.hedge, this.health)
  }

  /**
   * Calls the operation with one target after the other until one answers.
   *
   * @param operation calls one target. With a hedge, it may run for two targets at the same time. For a stream, it should resolve when the first
   * content has arrived, because the next target is called only if the promise rejects
   * @param options for this run only
   * @returns the value, the target that answered, and what happened at the others
   * @throws AllTargetsFailedError if no target answered and there is no last resort, or the last resort threw; the error of a target if no other
   * target may be called after it (see `shouldAdvance`); the signal's reason if the signal aborts; a TypeError for a wrong option. All as a rejection
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

  /** Returns the limit on the number of hedges for the options of a run. Runs with the same options object share it. */
  #hedgeOf(options: HedgeOptions | false): HedgeBudget<Target> | undefined {
    if (options === false) return undefined
    const budget = this.#budgets.get(options) ?? new HedgeBudget<Target>(options, this.health)
    this.#budgets.set(options, budget)
    return budget
  }

  /**
   * Starts the health checks of unavailable targets. Does nothing without the option `healthCheck`. Their timer does not keep the process alive;
   * `close()` stops them.
   */
  start(): void {
    this.#strategy.checks?.start(this.#options.targets)
  }

  /** Stops the health checks, including those in flight. Runs continue, and new ones are possible; `start()` starts the checks again. */
  close(): void {
    this.#strategy.checks?.close()
  }
}

const NO_OPTIONS = {}
