/**
 * Whether hits are served. `shadow`: never, because of the option `shadow`. `proving`: not yet, because too few hits were judged right.
 * `serving`: yes. `off`: no longer, because too many were wrong, or `judge` failed.
 */
export type SemanticState = 'shadow' | 'proving' | 'serving' | 'off'

/** What a semantic cache has done since it was created. Plain data, without texts and answers. */
export interface SemanticReport {
  readonly state: SemanticState
  /** Why the cache was switched off; undefined if it was not. */
  readonly offReason: 'wrong-hits' | 'judge-failed' | undefined
  readonly entries: number
  readonly partitions: number
  readonly lookups: number
  /** Lookups of a text that was stored itself. They are right by definition, and neither judged nor counted as near. */
  readonly identical: number
  /** Lookups for which another text was at least `threshold` similar. */
  readonly near: number
  /** Those of them for which the guard refused the most similar text and no other could be used, by the class of the difference. */
  readonly refused: Readonly<Record<string, number>>
  /** The other ones: they were served, or would have been. */
  readonly hits: number
  /** Hits that were served, identical ones included. */
  readonly served: number
  /** Hits that were judged. */
  readonly judged: number
  /** How many of them were wrong. */
  readonly wrong: number
  /** `wrong / judged`; undefined before the first one. */
  readonly errorRate: number | undefined
  /** The upper bound of the error rate, with a confidence of 95 % over all looks together. 1 before the first judged hit. */
  readonly upperBound: number
  readonly maxErrorRate: number
  /** Calls of `judge` that failed or took too long. They count as not judged. */
  readonly judgeFailures: number
  /** Calls of `embed` that failed, took too long or returned something else than a vector. */
  readonly embedFailures: number
}

/** What is counted. */
export class SemanticCounters {
  lookups = 0
  identical = 0
  near = 0
  hits = 0
  served = 0
  readonly #refused = new Map<string, number>()

  refuse(difference: string): void {
    const name = this.#refused.has(difference) || this.#refused.size < MAX_CLASSES ? difference : 'others'
    this.#refused.set(name, (this.#refused.get(name) ?? 0) + 1)
  }

  get refused(): Record<string, number> {
    return Object.fromEntries(this.#refused)
  }
}

/** The maximum number of classes that are counted apart. A `guard` may return any name. */
const MAX_CLASSES = 32
