import { LRUCache } from 'lru-cache'
import type { EntrySettings } from '../options.ts'

/** So many names whose loading has failed are remembered. */
const MOST_FAILURES = 1_000

export interface Failure {
  readonly error: unknown
  readonly at: number
}

/** Whose loading failed lately, and what follows from it. */
export class Failures {
  readonly #settings: EntrySettings
  readonly #byName = new LRUCache<string, Failure>({ max: MOST_FAILURES })

  constructor(settings: EntrySettings) {
    this.#settings = settings
  }

  add(name: string, error: unknown): void {
    this.#byName.set(name, { error, at: this.#settings.clock.now() })
  }

  delete(name: string): void {
    if (this.#byName.size > 0) this.#byName.delete(name)
  }

  clear(): void {
    this.#byName.clear()
  }

  /** The failure for which this name is not loaded again yet, as long as something stale can be served. */
  backingOff(name: string): Failure | undefined {
    return this.#within(this.#settings.refreshBackoffMs, name)
  }

  /** The failure that is the answer, since it is too early to try again. */
  remembered(name: string): Failure | undefined {
    return this.#within(this.#settings.negativeTtlMs, name)
  }

  /** Whether this error may be hidden behind something stale. @param rule instead of the cache's own */
  mayHide(error: unknown, rule = this.#settings.serveStaleIf): boolean {
    try {
      return rule(error)
    } catch (thrown) {
      this.#settings.onError(thrown)
      return false
    }
  }

  #within(ms: number, name: string): Failure | undefined {
    const failure = ms > 0 && this.#byName.size > 0 ? this.#byName.get(name) : undefined
    return failure !== undefined && this.#settings.clock.now() - failure.at < ms ? failure : undefined
  }
}
