import { TargetHealth } from './target-health.ts'

/** The maximum number of targets whose health is recorded. It limits the memory of a chain that gets new targets with every run. */
const MAX_TARGETS = 1_000

/** The health of the targets of a chain, by name. Holds at most 1,000 names; beyond that the oldest is forgotten. */
export class HealthBoard {
  readonly #targets = new Map<string, TargetHealth>()
  /** What `get` returned last. A run asks three times for the same target, and mostly for that of the run before. */
  #lastName: string | undefined
  #last: TargetHealth | undefined

  /** Returns the health of the target with this name, and creates it for a new name. A target that was never called counts as healthy. */
  get(name: string): TargetHealth {
    if (name === this.#lastName && this.#last) return this.#last
    let health = this.#targets.get(name)
    if (health === undefined) {
      const [oldest] = this.#targets.keys()
      if (this.#targets.size >= MAX_TARGETS && oldest !== undefined) this.#targets.delete(oldest)
      this.#targets.set(name, (health = new TargetHealth()))
    }
    this.#lastName = name
    return (this.#last = health)
  }

  /** Returns the recorded targets by name, the oldest first: those of the chain, and those that runs passed. */
  entries(): IterableIterator<[name: string, health: TargetHealth]> {
    return this.#targets.entries()
  }
}
