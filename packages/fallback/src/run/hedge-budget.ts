import type { HealthBoard } from '../health/health-board.ts'
import type { Hedge } from './race.ts'

export interface HedgeOptions {
  /**
   * How long a target may take before a second target is called too, in milliseconds; 0 calls both at once. `'p95'` is the time
   * within which 95 of the last 100 answers of that target arrived; before 20 answers, no hedge is made. A run makes at most one
   * hedge.
   */
  afterMs: number | 'p95'
  /** The maximum share of runs that make a hedge, since each hedge is an extra call that costs. @default 0.05 */
  maxExtraRatio?: number | undefined
}

/** The maximum number of unused hedges that are saved for later. */
const MAX_SAVED = 10
/** The number of answers that `'p95'` needs. */
const MIN_SAMPLES = 20

/** Decides after what time a run makes a hedge, and limits the number of hedges: each run earns a fraction of one. */
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

  /** Adds the fraction of a hedge that a run earns. Called when a run starts. */
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
