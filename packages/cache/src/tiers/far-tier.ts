import type { FarCounters } from '../counters.ts'
import type { EntrySettings } from '../options.ts'
import type { Absence } from '../outcome.ts'
import { endOf } from './staleness.ts'
import type { CacheStore } from '../stores/store.ts'
import { LONGEST_LIFE_MS } from '../base/validate.ts'
import { TOO_LATE, within } from './deadline.ts'
import type { Entry } from './entry.ts'
import { openEnvelope, sealEnvelope } from './envelope.ts'
import { FarRest } from './far-tier-breaker.ts'
import { Mutations } from './mutations.ts'
import { openStamp, sealStamp } from './tag-stamps.ts'
import { Tombstones } from './tombstones.ts'

/** What a read came to. */
export type FarAnswer = { readonly entry: Entry } | { readonly entry?: undefined; readonly absence: Absence }

/**
 * A store, made harmless: every operation has a deadline, a failure is counted and treated as a miss, a tier that keeps failing
 * is left alone for a while, and what comes back must prove that it is what was stored. Nothing in here rejects but `clear`.
 */
export class FarTier {
  readonly #store: CacheStore
  readonly #settings: EntrySettings
  readonly #counters: FarCounters
  readonly #rest: FarRest
  readonly #mutations = new Mutations()
  /** Names and tags of which the store has not been told that they are dead. */
  readonly #deadNames = new Tombstones()
  readonly #deadTags = new Tombstones()
  #telling = false

  constructor(store: CacheStore, settings: EntrySettings, counters: FarCounters) {
    this.#store = store
    this.#settings = settings
    this.#counters = counters
    this.#rest = new FarRest(settings.farRestMs)
  }

  get resting(): boolean {
    return this.#rest.resting(this.#settings.clock.now())
  }

  async read(name: string): Promise<FarAnswer> {
    const { clock, farReadTimeoutMs } = this.#settings
    const counters = this.#counters
    if (!this.#rest.admits(clock.now(), farReadTimeoutMs)) {
      counters.skipped++
      return { absence: 'far-resting' }
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

  /** Resolves when it is written, or given up. */
  async write(name: string, entry: Entry): Promise<void> {
    const { clock, farWriteTimeoutMs } = this.#settings
    const { tags, life } = entry
    if (this.#mutations.full || !this.#rest.admits(clock.now(), farWriteTimeoutMs)) {
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
      // What the store holds instead, if anything, is older.
      this.#deadNames.add(name, life.bornAt)
    }
  }

  /** From now on nothing that was born before is served under this name, whether or not the store can be told. */
  async delete(name: string): Promise<void> {
    const at = this.#settings.clock.now()
    this.#deadNames.add(name, at)
    await this.#bury(name, at)
  }

  /** The same for everything with this tag, in every process that shares the store. */
  async invalidateTag(tag: string): Promise<void> {
    const at = this.#settings.clock.now()
    this.#deadTags.add(tag, at)
    await this.#stamp(tag, at)
  }

  /** @throws what the store throws, and a TypeError if it has no `clear` */
  async clear(namePrefix: string): Promise<void> {
    if (namePrefix === '') this.#deadNames.addAll(this.#settings.clock.now())
    if (!this.#store.clear) {
      throw new TypeError('this far tier has no clear(prefix): only the near tier has been cleared')
    }
    // A write that hangs must not keep us: it was born before, and is dead.
    await this.#written()
    await this.#store.clear(this.#keyOf(namePrefix))
  }

  /** Resolves when all that was to be written is, or its deadline has passed; then the store is closed. */
  async close(): Promise<void> {
    await this.#written()
    try {
      await within(this.#settings.farWriteTimeoutMs, async () => this.#store.close?.())
    } catch (error) {
      this.#settings.onError(error)
    }
  }

  async #written(): Promise<void> {
    await within(this.#settings.farWriteTimeoutMs, () => this.#mutations.idle())
  }

  async #bury(name: string, at: number): Promise<void> {
    const key = this.#keyOf(name)
    await this.#change(key, async () => {
      // By the time it is this delete's turn, something newer may have been written, or somebody has told the store already.
      if (!this.#deadNames.has(name, at)) return
      await this.#store.delete(key)
      this.#deadNames.delete(name, at)
      this.#counters.deletes++
    })
  }

  async #stamp(tag: string, at: number): Promise<void> {
    const key = this.#stampKeyOf(tag)
    await this.#change(key, async () => {
      await this.#store.set(key, sealStamp(at), { ttlMs: 2 * LONGEST_LIFE_MS, tags: [] })
      this.#deadTags.delete(tag, at)
    })
  }

  async #hasDeadTag({ tags, life }: Entry, signal: AbortSignal): Promise<boolean> {
    const { bornAt } = life
    if (tags.some((tag) => this.#deadTags.covers(tag, bornAt))) return true
    const stamps = await Promise.all(tags.map((tag) => this.#store.get(this.#stampKeyOf(tag), signal)))
    return stamps.some((stamp) => bornAt <= openStamp(stamp))
  }

  /** A write or a delete, when the earlier ones of this key are done. @returns whether it was done in time */
  async #change(key: string, operation: () => Promise<void>): Promise<boolean> {
    const { farWriteTimeoutMs } = this.#settings
    return (await this.#attempt(farWriteTimeoutMs, () => this.#mutations.run(key, operation))) !== FAILED
  }

  /** One operation under its deadline; the tier's health is judged by it. */
  async #attempt<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | typeof FAILED> {
    const { clock, onError } = this.#settings
    const begunAt = clock.now()
    try {
      const result = await within(ms, work)
      if (result !== TOO_LATE) {
        this.#rest.succeeded()
        if (this.#deadNames.size + this.#deadTags.size > 0) this.#tellOfTheDead()
        return result
      }
      this.#counters.timeouts++
      this.#rest.failed('timeout', begunAt, clock.now())
    } catch (error) {
      this.#counters.errors++
      this.#rest.failed('error', begunAt, clock.now())
      onError(error)
    }
    return FAILED
  }

  /** The tier is well: whatever it could not be told before, it is told now, one after the other. */
  #tellOfTheDead(): void {
    if (this.#telling) return
    this.#telling = true
    const tell = async (): Promise<void> => {
      for (const [name, at] of this.#deadNames.entries()) if (!this.resting) await this.#bury(name, at)
      for (const [tag, at] of this.#deadTags.entries()) if (!this.resting) await this.#stamp(tag, at)
    }
    void tell().finally(() => (this.#telling = false))
  }

  #keyOf(name: string): string {
    return `${this.#settings.namespace}:${name}`
  }

  /** No key of an entry has this form: a namespace has no `#`. */
  #stampKeyOf(tag: string): string {
    return `${this.#settings.namespace}#${tag}`
  }
}

const FAILED = Symbol('failed')
