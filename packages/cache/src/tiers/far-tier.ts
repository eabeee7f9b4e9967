import { MAX_LIFE_MS } from '../base/validate.ts'
import { TOO_LATE, within } from '../base/wait-for.ts'
import type { FarCounters } from '../cache-stats.ts'
import type { EntrySettings } from '../options.ts'
import type { Absence } from '../outcome.ts'
import type { CacheStore } from '../stores/store.ts'
import type { Entry } from './entry.ts'
import { openEnvelope, openStamp, sealEnvelope, sealStamp } from './envelope.ts'
import { FarTierBreaker } from './far-tier-breaker.ts'
import { Mutations } from './mutations.ts'
import { endOf } from './staleness.ts'
import { Tombstones } from './tombstones.ts'

/** The result of a read of the far tier: an entry, or the reason why there is none. */
export type FarRead = { readonly entry: Entry } | { readonly entry?: undefined; readonly absence: Absence }

/**
 * Makes a store safe to use. Every operation has a deadline. A failure is counted and treated as a miss. A store that fails repeatedly gets
 * a cooldown. The bytes that it returns are verified. No method but `clear` rejects.
 */
export class FarTier {
  readonly #store: CacheStore
  readonly #settings: EntrySettings
  readonly #counters: FarCounters
  readonly #breaker: FarTierBreaker
  readonly #mutations = new Mutations()
  /** The names whose entries were deleted or replaced, while the store may still hold the old entry, which must not be served. */
  readonly #deadNames = new Tombstones()
  /** The invalidated tags for which the store has no stamp yet. Older entries with these tags must not be served. */
  readonly #deadTags = new Tombstones()
  #catchingUp = false

  constructor(store: CacheStore, settings: EntrySettings, counters: FarCounters) {
    this.#store = store
    this.#settings = settings
    this.#counters = counters
    this.#breaker = new FarTierBreaker(settings.farCooldownMs)
  }

  get coolingDown(): boolean {
    return this.#breaker.coolingDown(this.#settings.clock.now())
  }

  async read(name: string): Promise<FarRead> {
    const { clock, farReadTimeoutMs } = this.#settings
    const counters = this.#counters
    if (!this.#breaker.allows(clock.now(), farReadTimeoutMs)) {
      counters.skipped++
      return { absence: 'far-cooldown' }
    }
    const key = this.#keyOf(name)
    const answer = await this.#attempt(farReadTimeoutMs, async (signal) => {
      const sealed: unknown = await this.#store.get(key, signal)
      if (sealed === undefined || sealed === null) return { absence: 'absent' as const }
      const entry = openEnvelope(key, sealed)
      if (entry === undefined) return { absence: 'far-unreadable' as const }
      const dead = this.#deadNames.covers(name, entry.life.bornAt) || (await this.#hasDeadTag(entry, signal))
      return dead || clock.now() >= endOf(entry.life) ? { absence: 'expired' as const } : { entry }
    })
    if (answer === FAILED) return { absence: 'far-failed' }
    if (answer.entry) counters.hits++
    else if (answer.absence === 'far-unreadable') counters.unreadable++
    else counters.misses++
    return answer
  }

  /** Writes an entry. Resolves when the write has succeeded, has failed or was skipped. */
  async write(name: string, entry: Entry): Promise<void> {
    const { clock, farWriteTimeoutMs } = this.#settings
    const { tags, life } = entry
    if (this.#mutations.full || !this.#breaker.allows(clock.now(), farWriteTimeoutMs)) {
      this.#counters.skipped++
      this.#deadNames.add(name, life.bornAt)
      return
    }
    const key = this.#keyOf(name)
    const done = await this.#change(key, async () => {
      const ttlMs = endOf(life) - clock.now()
      if (ttlMs > 0) await this.#store.set(key, sealEnvelope(key, entry), { ttlMs, tags })
    })
    if (done) {
      this.#deadNames.deleteBefore(name, life.bornAt)
      this.#counters.writes++
    } else {
      // The store may still hold an older entry.
      this.#deadNames.add(name, life.bornAt)
    }
  }

  /**
   * Deletes the entry with this name. From now on, this process serves no entry under this name whose load began before, even if the store
   * cannot be reached.
   */
  async delete(name: string): Promise<void> {
    const at = this.#settings.clock.now()
    this.#deadNames.add(name, at)
    await this.#deleteFromStore(name, at)
  }

  /**
   * Invalidates all entries with this tag whose load began before now. The invalidation applies to other processes that share the store as
   * soon as the store has the stamp of the tag.
   */
  async invalidateTag(tag: string): Promise<void> {
    const at = this.#settings.clock.now()
    this.#deadTags.add(tag, at)
    await this.#stamp(tag, at)
  }

  /** Deletes all entries whose names begin with the prefix. @throws the error of the store, or a TypeError if the store has no `clear` */
  async clear(namePrefix: string): Promise<void> {
    if (namePrefix === '') this.#deadNames.addAll(this.#settings.clock.now())
    if (!this.#store.clear) {
      throw new TypeError('this far tier has no clear(prefix): only the near tier has been cleared')
    }
    // Waits for pending writes only up to their deadline, so that a write that hangs does not block this.
    await this.#written()
    await this.#store.clear(this.#keyOf(namePrefix))
  }

  /** Waits for pending writes, up to their deadline, then closes the store. */
  async close(): Promise<void> {
    await this.#written()
    try {
      await within(this.#settings.farWriteTimeoutMs, FAR_TIER, async () => this.#store.close?.())
    } catch (error) {
      this.#settings.onError(error)
    }
  }

  async #written(): Promise<void> {
    await within(this.#settings.farWriteTimeoutMs, FAR_TIER, () => this.#mutations.idle())
  }

  async #deleteFromStore(name: string, at: number): Promise<void> {
    const key = this.#keyOf(name)
    await this.#change(key, async () => {
      // While this operation waited, a newer entry may have been written, or the name may have been deleted.
      if (!this.#deadNames.has(name, at)) return
      await this.#store.delete(key)
      this.#deadNames.delete(name, at)
      this.#counters.deletes++
    })
  }

  async #stamp(tag: string, at: number): Promise<void> {
    const key = this.#stampKeyOf(tag)
    await this.#change(key, async () => {
      await this.#store.set(key, sealStamp(at), { ttlMs: 2 * MAX_LIFE_MS, tags: [] })
      this.#deadTags.delete(tag, at)
    })
  }

  async #hasDeadTag({ tags, life }: Entry, signal: AbortSignal): Promise<boolean> {
    const { bornAt } = life
    if (tags.some((tag) => this.#deadTags.covers(tag, bornAt))) return true
    const stamps = await Promise.all(tags.map((tag) => this.#store.get(this.#stampKeyOf(tag), signal)))
    return stamps.some((stamp) => bornAt <= openStamp(stamp))
  }

  /** Runs a write or a delete, after all earlier ones of the same key. @returns whether the operation succeeded in time */
  async #change(key: string, operation: () => Promise<void>): Promise<boolean> {
    const { farWriteTimeoutMs } = this.#settings
    return (await this.#attempt(farWriteTimeoutMs, () => this.#mutations.run(key, operation))) !== FAILED
  }

  /** Runs one operation with a deadline of `ms` milliseconds, and reports the outcome to the breaker. */
  async #attempt<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | typeof FAILED> {
    const { clock, onError } = this.#settings
    const begunAt = clock.now()
    try {
      const result = await within(ms, FAR_TIER, work)
      if (result !== TOO_LATE) {
        this.#breaker.succeeded()
        if (this.#deadNames.size + this.#deadTags.size > 0) this.#catchUp()
        return result
      }
      this.#counters.timeouts++
      this.#breaker.failed('timeout', begunAt, clock.now())
    } catch (error) {
      this.#counters.errors++
      this.#breaker.failed('error', begunAt, clock.now())
      onError(error)
    }
    return FAILED
  }

  /** Sends the deletions and stamps that the store has missed during an outage, one after the other. */
  #catchUp(): void {
    if (this.#catchingUp) return
    this.#catchingUp = true
    const run = async (): Promise<void> => {
      for (const [name, at] of this.#deadNames.entries())
        if (!this.coolingDown) await this.#deleteFromStore(name, at)
      for (const [tag, at] of this.#deadTags.entries()) if (!this.coolingDown) await this.#stamp(tag, at)
    }
    void run().finally(() => (this.#catchingUp = false))
  }

  #keyOf(name: string): string {
    return `${this.#settings.namespace}:${name}`
  }

  /**
   * Returns the key of a tag's stamp, which is the record of its invalidation. It never equals the key of an entry, since a namespace
   * contains no `#`.
   */
  #stampKeyOf(tag: string): string {
    return `${this.#settings.namespace}#${tag}`
  }
}

const FAILED = Symbol('failed')
const FAR_TIER = 'the far tier'
