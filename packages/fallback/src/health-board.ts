import { TargetHealth } from './target-health.ts'

/** More names than any chain has: a chain whose targets are made anew for each run must not grow without bound. */
const MOST_TARGETS = 1_000

/** What is known of the targets of a chain, by their names. */
export class HealthBoard {
  readonly #targets = new Map<string, TargetHealth>()

  /** Of the target with this name. One that was never called is taken for healthy. */
  get(name: string): TargetHealth {
    let health = this.#targets.get(name)
    if (health === undefined) {
      const [oldest] = this.#targets.keys()
      if (this.#targets.size >= MOST_TARGETS && oldest !== undefined) this.#targets.delete(oldest)
      this.#targets.set(name, (health = new TargetHealth()))
    }
    return health
  }

  /** All that are known, by name. */
  entries(): IterableIterator<[name: string, health: TargetHealth]> {
    return this.#targets.entries()
  }
}
