import { LRUCache } from 'lru-cache'
import type { EntrySettings } from '../options.ts'

/** The maximum number of failures in memory: one for each internal name of an entry. */
const MAX_FAILURES = 1_000

export interface Failure {
  readonly error: unknown
  readonly at: number
}

/** The last load failure under each internal name. Decides whether the name may be loaded again, and whether a stale entry may be served. */
export class Failures {
  readonly #settings: EntrySettings
  readonly #byName = new LRUCache<string, Failure>({ max: MAX_FAILURES })

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

  /**
   * The last failure of this name, if it is younger than `refreshBackoffMs`. If so, the name is not loaded again while a stale entry can be
   * served.
   */
  backingOff(name: string): Failure | undefined {
    return this.#within(this.#settings.refreshBackoffMs, name)
  }

  /**
   * The last failure of this name, if it is younger than `negativeTtlMs`. If so, the name is not loaded again, and callers get the error of
   * this failure.
   */
  remembered(name: string): Failure | undefined {
    return this.#within(this.#settings.negativeTtlMs, name)
  }

  /** Whether a stale entry may be served instead of this error. @param rule replaces the cache's own `serveStaleIf` */
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
