import type { HealthBoard } from '../health/health-board.ts'
import type { Hedge } from './race.ts'

/** When a run calls a second target because the first one is slow, and how often. */
export interface HedgeOptions {
  /**
   * How long a run waits for a target before it also calls a second target, in milliseconds, up to 2^31 - 1; 0 calls both at once. `'p95'` waits for
   * the 95th percentile of the last 100 latencies of that target. Until that target has given 20 answers, `'p95'` makes no hedge. A run makes at most
   * one hedge.
   */
  afterMs: number | 'p95'
  /**
   * The maximum fraction of runs that make a hedge, from 0 to 1, to limit the cost of the additional calls. Runs without a hedge save up for later
   * hedges, for at most 10. With 0, there is no hedge. @default 0.05
   */
  maxExtraRatio?: number | undefined
}

/** The maximum number of hedges that can be saved up by runs that need none. */
const MAX_SAVED = 10
/** The minimum number of measured answers for `'p95'`. */
const MIN_SAMPLES = 20

/**
 * Decides how long a run waits before it makes a hedge, and limits the number of hedges: each run adds `maxExtraRatio` of a
 * hedge to the budget.
 */
export class HedgeBudget<Target extends { readonly name: string }> implements Hedge<Target> {
  readonly #afterMs: number | 'p95'
  readonly #ratio: number
  readonly #health: HealthBoard
  #saved = 0

  constructor({ afterMs, maxExtraRatio = 0.05 }: HedgeOptions, health: HealthBoard) {
    this.#afterMs = afterMs
    this.#ratio = maxExtraRatio
    this.#health = health
  }

  /** Adds the share of one run, `maxExtraRatio` of a hedge, to the budget. Called when a run starts. */
  earn(): void {
    this.#saved = Math.min(this.#saved + this.#ratio, MAX_SAVED)
  }

  delayMs({ name }: Target): number | undefined {
    if (this.#afterMs !== 'p95') return this.#afterMs
    const health = this.#health.get(name)
    return health.samples < MIN_SAMPLES ? undefined : health.quantileMs(0.95)
  }

  take(): boolean {
    // With a tolerance, as 20 times 0.05 may not be exactly 1.
    if (this.#saved < 1 - 1e-9) return false
    this.#saved -= 1
    return true
  }

  abandoned({ name }: Target, afterMs: number): void {
    this.#health.get(name).abandoned(afterMs)
  }
}
