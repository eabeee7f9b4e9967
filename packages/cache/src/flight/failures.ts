import { LRUCache } from 'lru-cache'
import type { EntrySettings } from '../options.ts'

/** The maximum number of failures in memory. Each internal name (a key with its scope) has at most one. */
const MAX_FAILURES = 1_000

export interface Failure {
  readonly error: unknown
  readonly at: number
}

/**
 * Stores the last load failure under each internal name (a key with its scope). Decides whether the name may be loaded again, and whether a
 * stale entry may be served.
 */
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
   * Returns the last failure of this name if it is younger than `refreshBackoffMs`. Then the name is not loaded again while a stale entry
   * can be served.
   */
  backingOff(name: string): Failure | undefined {
    return this.#within(this.#settings.refreshBackoffMs, name)
  }

  /**
   * Returns the last failure of this name if it is younger than `negativeTtlMs`. Then the name is not loaded again, and callers get the
   * error of this failure.
   */
  remembered(name: string): Failure | undefined {
    return this.#within(this.#settings.negativeTtlMs, name)
  }

  /** Whether a stale entry may be served instead of this error. @param rule decides this; by default the `serveStaleIf` of the cache */
  mayHide(error: unknown, rule = this.#settings.serveStaleIf): boolean {
    try {
      return rule(error)
    } catch (thrown) {
      this.#settings.onError(thrown)
      return false
    }
  }

  /** Whether a rule of the caller says that later calls are to know of this error. They are, if the rule throws. */
  counts(error: unknown, rule: (error: unknown) => boolean): boolean {
    try {
      return rule(error)
    } catch (thrown) {
      this.#settings.onError(thrown)
      return true
    }
  }

  #within(ms: number, name: string): Failure | undefined {
    const failure = ms > 0 && this.#byName.size > 0 ? this.#byName.get(name) : undefined
    return failure !== undefined && this.#settings.clock.now() - failure.at < ms ? failure : undefined
  }
}
