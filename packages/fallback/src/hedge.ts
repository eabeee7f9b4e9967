import type { HealthBoard } from './health-board.ts'
import type { Hedge } from './race.ts'

export interface HedgeOptions {
  /**
   * After how long a second target is called as well, in milliseconds; 0 is at once. `'p95'` is the time within which 95 of the
   * last 100 answers of the first target came: nothing happens before 20 of them are known. At most one hedge a run.
   */
  afterMs: number | 'p95'
  /** How many hedges there may be for one run, over many runs: a hedge is a call that costs. @default 0.05 */
  maxExtraRatio?: number | undefined
}

/** Hedges that were not needed are kept for later, but so many at most. */
const MOST_SAVED = 10
const FEWEST_SAMPLES = 20

/** How long runs wait before they hedge, and whether they may: each run earns a part of a hedge. */
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

  /** A run begins. */
  earn(): void {
    this.#saved = Math.min(this.#saved + this.#ratio, MOST_SAVED)
  }

  delayMs({ name }: Target): number | undefined {
    if (this.#afterMs !== 'p95') return this.#afterMs
    const health = this.#health.get(name)
    return health.samples < FEWEST_SAMPLES ? undefined : health.quantileMs(0.95)
  }

  take(): boolean {
    // A hair of tolerance: 20 times 0.05 need not be 1.
    if (this.#saved < 1 - 1e-9) return false
    this.#saved -= 1
    return true
  }

  abandoned({ name }: Target, afterMs: number): void {
    this.#health.get(name).abandoned(afterMs)
  }
}
