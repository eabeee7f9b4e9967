import { LRUCache } from 'lru-cache'

/** So many names whose loading has failed are remembered. */
const MOST_FAILURES = 1_000

export interface Failure {
  readonly error: unknown
  readonly at: number
}

/** Whose loading failed lately: it is not tried again at once while something stale can be served. */
export class Failures {
  readonly #byName = new LRUCache<string, Failure>({ max: MOST_FAILURES })

  add(name: string, failure: Failure): void {
    this.#byName.set(name, failure)
  }

  delete(name: string): void {
    this.#byName.delete(name)
  }

  clear(): void {
    this.#byName.clear()
  }

  /** The failure of this name, if it is not longer ago than that. */
  within(ms: number, name: string, now: number): Failure | undefined {
    const failure = this.#byName.get(name)
    return failure !== undefined && now - failure.at < ms ? failure : undefined
  }
}
