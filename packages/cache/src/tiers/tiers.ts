import type { Counters } from '../cache-stats.ts'
import type { EntrySettings } from '../options.ts'
import type { Absence, Stored } from '../outcome.ts'
import type { Entry, NearEntry } from './entry.ts'
import { FarTier } from './far-tier.ts'
import type { Invalidations, InvalidationWatch } from './invalidations.ts'
import { NearTier } from './near-tier.ts'
import { endOf, freshnessOf } from './staleness.ts'

/** The result of a lookup: an entry, or the reason why there is none. */
export type Found =
  | { readonly entry: Entry; readonly source: 'near' | 'far' }
  | { readonly entry?: undefined; readonly absence: Absence }

/** The near and the far tier, read and written as one. */
export class Tiers {
  readonly near: NearTier
  readonly far: FarTier | undefined
  readonly #settings: EntrySettings
  readonly #counters: Counters
  readonly #invalidations: Invalidations
  /** The reads of the far tier that are in progress, by name of the entry. Concurrent lookups of a name share one read. */
  readonly #reads = new Map<string, Promise<Found>>()

  constructor(settings: EntrySettings, counters: Counters, invalidations: Invalidations) {
    this.#settings = settings
    this.#counters = counters
    this.#invalidations = invalidations
    this.near = new NearTier(settings, counters, settings.clock.now())
    this.far = settings.farTier && new FarTier(settings.farTier, settings, counters.far)
  }

  /**
   * Looks in memory, then in the far tier. An entry found in the far tier is copied into memory, where it expires at the same time as in
   * the far tier.
   */
  find(name: string): Found | Promise<Found> {
    return this.findBeyond(name, this.near.get(name, this.#settings.clock.now()))
  }

  /** Does what `find` does, for a caller that has just looked in memory. @param entry what the caller found there */
  findBeyond(name: string, entry: NearEntry | 'expired' | undefined): Found | Promise<Found> {
    const near: Found =
      typeof entry === 'object' ? { entry, source: 'near' } : entry === 'expired' ? EXPIRED : ABSENT
    if (!this.far) return near
    // If the entry in memory may only be served on errors, another process may have stored a newer one in the far tier.
    const now = this.#settings.clock.now()
    if (near.entry && freshnessOf(near.entry.life, now) !== 'stale-if-error') return near
    const running = this.#reads.get(name)
    if (running) return running
    const read = this.#readFar(this.far, name, near).finally(() => this.#reads.delete(name))
    this.#reads.set(name, read)
    return read
  }

  async #readFar(far: FarTier, name: string, near: Found): Promise<Found> {
    const watch = this.#invalidations.watch(name)
    try {
      const found = await far.read(name)
      if (!found.entry) return near.entry ? near : found
      const { entry } = found
      if (watch.isInvalidated(entry.tags)) return EXPIRED
      if (near.entry && near.entry.life.bornAt >= entry.life.bornAt) return near
      this.near.put(name, entry, FROM_FAR_TIER)
      return { entry, source: 'far' }
    } finally {
      watch.end()
    }
  }

  /**
   * Stores an entry in both tiers, unless it was invalidated or has expired, or memory holds a newer one.
   *
   * @param watch has recorded invalidations since the load of the entry began
   * @param unused whether the entry was prefetched, and no caller waits for it
   * @param writesFar whether the entry is written to the far tier. False if another process writes it
   * @returns whether the entry is stored, or the reason why not, and a promise that resolves when the far tier has stored it or has failed
   */
  keep(
    name: string,
    entry: Entry,
    watch?: InvalidationWatch,
    unused = false,
    writesFar = true,
  ): { readonly stored: Stored; readonly written?: Promise<void> } {
    const refusal = watch?.isInvalidated(entry.tags)
      ? 'invalidated'
      : endOf(entry.life) <= this.#settings.clock.now()
        ? 'no-life'
        : this.near.put(name, entry, unused ? PREFETCHED : undefined)
    const far = writesFar && (refusal === undefined || refusal === 'too-large') ? this.far : undefined
    if (refusal !== undefined && !far) return { stored: this.refuse(refusal) }
    this.#counters.stored++
    return far ? { stored: true, written: far.write(name, entry) } : STORED
  }

  /**
   * Deletes the entry with this name. If a load for this name is in progress, its result is not stored. @returns whether the near tier had
   * an entry
   */
  async delete(name: string): Promise<boolean> {
    this.#invalidations.invalidateName(name)
    const held = this.near.delete(name)
    await this.far?.delete(name)
    return held
  }

  /** Deletes all entries with this tag. @returns how many entries of the near tier had the tag */
  async invalidateTag(tag: string): Promise<number> {
    this.#invalidations.invalidateTag(tag)
    const had = this.near.deleteTag(tag)
    await this.far?.invalidateTag(tag)
    return had
  }

  /** Deletes all entries whose names begin with the prefix. @throws the error of the far tier, after the near tier was cleared */
  async clear(prefix: string): Promise<void> {
    this.#invalidations.invalidatePrefix(prefix)
    this.near.clear(prefix)
    await this.far?.clear(prefix)
  }

  async close(): Promise<void> {
    this.near.clear()
    await this.far?.close()
  }

  /** Adds an answer that is not cached to the statistics. @param refusal the reason @returns the same reason */
  refuse(refusal: string): string {
    const { refused } = this.#counters
    // Callers choose reasons freely, so the number of different reasons is limited.
    const counted = refusal in refused || Object.keys(refused).length < MAX_REASONS ? refusal : 'refused'
    refused[counted] = (refused[counted] ?? 0) + 1
    return refusal
  }
}

const STORED = { stored: true } as const
const PREFETCHED = { unused: true, trusted: true }
const FROM_FAR_TIER = { unused: false, trusted: false }
const ABSENT: Found = { absence: 'absent' }
const EXPIRED: Found = { absence: 'expired' }
const MAX_REASONS = 50
