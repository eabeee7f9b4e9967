import type { Clock } from '../clock.ts'
import type { FarCounters } from '../counters.ts'
import type { Absence } from '../outcome.ts'
import { endOf } from '../staleness.ts'
import type { CacheStore } from '../store.ts'
import { LONGEST_LIFE_MS } from '../validate.ts'
import { TOO_LATE, within } from './deadline.ts'
import type { Entry } from './entry.ts'
import { openEnvelope, sealEnvelope } from './envelope.ts'
import { FarRest } from './far-rest.ts'
import { Mutations } from './mutations.ts'
import { openStamp, sealStamp } from './tag-stamps.ts'
import { Tombstones } from './tombstones.ts'

export interface FarTierOptions {
  readonly store: CacheStore
  readonly namespace: string
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly restMs: number
  readonly clock: Clock
  readonly counters: FarCounters
  readonly onError: (error: unknown) => void
}

/** What a read came to. */
export type FarAnswer = { readonly entry: Entry } | { readonly entry?: undefined; readonly absence: Absence }

/**
 * A store, made harmless: every operation has a deadline, a failure is counted and treated as a miss, a tier that keeps failing
 * is left alone for a while, and what comes back must prove that it is what was stored. Nothing in here rejects but `clear`.
 */
export class FarTier {
  readonly #options: FarTierOptions
  readonly #rest: FarRest
  readonly #mutations = new Mutations()
  /** Names and tags of which the store has not been told that they are dead. */
  readonly #deadNames = new Tombstones()
  readonly #deadTags = new Tombstones()
  #telling = false

  constructor(options: FarTierOptions) {
    this.#options = options
    this.#rest = new FarRest(options.restMs)
  }

  get resting(): boolean {
    return this.#rest.resting(this.#options.clock.now())
  }

  async read(name: string): Promise<FarAnswer> {
    const { store, clock, counters, readTimeoutMs } = this.#options
    if (!this.#rest.admits(clock.now(), readTimeoutMs)) {
      counters.skipped++
      return { absence: 'far-resting' }
    }
    const key = this.#keyOf(name)
    const answer = await this.#attempt(readTimeoutMs, async (signal) => {
      const sealed: unknown = await store.get(key, signal)
      if (sealed === undefined || sealed === null) return { absence: 'absent' as const }
      const entry = openEnvelope(key, sealed)
      if (entry === undefined) return { absence: 'far-unreadable' as const }
      const dead = this.#deadNames.covers(name, entry.bornAt) || (await this.#hasDeadTag(entry, signal))
      return dead || clock.now() >= endOf(entry) ? { absence: 'expired' as const } : { entry }
    })
    if (answer === FAILED) return { absence: 'far-failed' }
    if (answer.entry) counters.hits++
    else if (answer.absence === 'far-unreadable') counters.unreadable++
    else counters.misses++
    return answer
  }

  /** Resolves when it is written, or given up. */
  async write(name: string, entry: Entry): Promise<void> {
    const { store, clock, counters, writeTimeoutMs } = this.#options
    if (this.#mutations.full || !this.#rest.admits(clock.now(), writeTimeoutMs)) {
      counters.skipped++
      this.#deadNames.add(name, entry.bornAt)
      return
    }
    const key = this.#keyOf(name)
    const { tags } = entry
    const done = await this.#attempt(writeTimeoutMs, () =>
      this.#mutations.run(key, async () => {
        const ttlMs = endOf(entry) - clock.now()
        if (ttlMs > 0) await store.set(key, sealEnvelope(key, entry), { ttlMs, tags })
      }),
    )
    // What the store holds instead, if anything, is older.
    if (done === FAILED) {
      this.#deadNames.add(name, entry.bornAt)
    } else {
      this.#deadNames.deleteBefore(name, entry.bornAt)
      counters.writes++
    }
  }

  /** From now on nothing that was born before is served under this name, whether or not the store can be told. */
  async delete(name: string): Promise<void> {
    const at = this.#options.clock.now()
    this.#deadNames.add(name, at)
    await this.#bury(name, at)
  }

  /** The same for everything with this tag, in every process that shares the store. */
  async invalidateTag(tag: string): Promise<void> {
    const at = this.#options.clock.now()
    this.#deadTags.add(tag, at)
    await this.#stamp(tag, at)
  }

  /** @throws what the store throws, and a TypeError if it has no `clear` */
  async clear(namePrefix: string): Promise<void> {
    const { store, clock } = this.#options
    if (namePrefix === '') this.#deadNames.addAll(clock.now())
    if (!store.clear) {
      throw new TypeError('this far tier has no clear(prefix): only the near tier has been cleared')
    }
    // A write that hangs must not keep us: it was born before, and is dead.
    await within(this.#options.writeTimeoutMs, () => this.#mutations.idle())
    await store.clear(this.#keyOf(namePrefix))
  }

  /** Resolves when all that was to be written is, or its deadline has passed; then the store is closed. */
  async close(): Promise<void> {
    const { store, writeTimeoutMs, onError } = this.#options
    await within(writeTimeoutMs, () => this.#mutations.idle())
    try {
      await within(writeTimeoutMs, async () => store.close?.())
    } catch (error) {
      onError(error)
    }
  }

  async #bury(name: string, at: number): Promise<void> {
    const { store, counters, writeTimeoutMs } = this.#options
    const key = this.#keyOf(name)
    const deleted = async (): Promise<void> => {
      // By the time it is this delete's turn, something newer may have been written, or somebody has told the store already.
      if (!this.#deadNames.has(name, at)) return
      await store.delete(key)
      this.#deadNames.delete(name, at)
      counters.deletes++
    }
    await this.#attempt(writeTimeoutMs, () => this.#mutations.run(key, deleted))
  }

  async #stamp(tag: string, at: number): Promise<void> {
    const { store, writeTimeoutMs } = this.#options
    const key = this.#stampKeyOf(tag)
    const stamped = async (): Promise<void> => {
      await store.set(key, sealStamp(at), { ttlMs: 2 * LONGEST_LIFE_MS, tags: [] })
      this.#deadTags.delete(tag, at)
    }
    await this.#attempt(writeTimeoutMs, () => this.#mutations.run(key, stamped))
  }

  async #hasDeadTag({ tags, bornAt }: Entry, signal: AbortSignal): Promise<boolean> {
    if (tags.some((tag) => this.#deadTags.covers(tag, bornAt))) return true
    const { store } = this.#options
    const stamps = await Promise.all(tags.map((tag) => store.get(this.#stampKeyOf(tag), signal)))
    return stamps.some((stamp) => bornAt <= openStamp(stamp))
  }

  /** One operation under its deadline; the tier's health is judged by it. */
  async #attempt<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | typeof FAILED> {
    const { clock, counters, onError } = this.#options
    const begunAt = clock.now()
    try {
      const result = await within(ms, work)
      if (result !== TOO_LATE) {
        this.#rest.succeeded()
        if (this.#deadNames.size + this.#deadTags.size > 0) this.#tellOfTheDead()
        return result
      }
      counters.timeouts++
      this.#rest.failed('timeout', begunAt, clock.now())
    } catch (error) {
      counters.errors++
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
    return `${this.#options.namespace}:${name}`
  }

  /** No key of an entry has this form: a namespace has no `#`. */
  #stampKeyOf(tag: string): string {
    return `${this.#options.namespace}#${tag}`
  }
}

const FAILED = Symbol('failed')
