import type { HealthBoard } from '../health/health-board.ts'
import type { Hedge } from './race.ts'

export interface HedgeOptions {
  /**
   * After how long a second target is called too, in milliseconds; 0 is at once. `'p95'` is the time within which 95 of the last
   * 100 answers of the first target came; there is no hedge before 20 of them are known. At most one hedge per run.
   */
  afterMs: number | 'p95'
  /** The maximum share of runs with a hedge, which is an extra call that costs. @default 0.05 */
  maxExtraRatio?: number | undefined
}

/** The maximum number of unused hedges that are saved for later. */
const MAX_SAVED = 10
const MIN_SAMPLES = 20

/** Decides when a run hedges, and whether it may: each run earns a fraction of a hedge. */
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

  /** A run starts. */
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
