import type { Counters } from '../counters.ts'
import type { Invalidations, Watch } from './invalidations.ts'
import type { EntrySettings } from '../options.ts'
import type { Absence, Kept } from '../outcome.ts'
import { endOf, freshnessOf } from './staleness.ts'
import type { Entry, NearEntry } from './entry.ts'
import { FarTier } from './far-tier.ts'
import { NearTier } from './near-tier.ts'

/** What was found under a name. */
export type Found =
  | { readonly entry: Entry; readonly source: 'near' | 'far' }
  | { readonly entry?: undefined; readonly absence: Absence }

/** The near and the far tier as one. */
export class Tiers {
  readonly near: NearTier
  readonly far: FarTier | undefined
  readonly #settings: EntrySettings
  readonly #counters: Counters
  readonly #invalidations: Invalidations
  /** Reads of the far tier that are under way: a name is asked for once, however many want it. */
  readonly #reads = new Map<string, Promise<Found>>()

  constructor(settings: EntrySettings, counters: Counters, invalidations: Invalidations) {
    this.#settings = settings
    this.#counters = counters
    this.#invalidations = invalidations
    this.near = new NearTier(settings, counters, settings.clock.now())
    this.far = settings.farTier && new FarTier(settings.farTier, settings, counters.far)
  }

  /** Looks in memory, then in the far tier; what is found there is brought near, with the life it has left. */
  find(name: string): Found | Promise<Found> {
    return this.findBeyond(name, this.near.get(name, this.#settings.clock.now()))
  }

  /** The same for one who has just looked in memory. @param entry that he has found there */
  findBeyond(name: string, entry: NearEntry | 'expired' | undefined): Found | Promise<Found> {
    const near: Found =
      typeof entry === 'object' ? { entry, source: 'near' } : entry === 'expired' ? EXPIRED : ABSENT
    if (!this.far) return near
    // Another process may have loaded anew what is only good for the case of an error here.
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
      if (watch.forbids(entry.tags)) return EXPIRED
      if (near.entry && near.entry.life.bornAt >= entry.life.bornAt) return near
      this.near.put(name, entry, FROM_AFAR)
      return { entry, source: 'far' }
    } finally {
      watch.end()
    }
  }

  /**
   * Keeps an entry in all tiers, unless it is out of date already.
   *
   * @param watch of what was invalidated since its loading began
   * @param awaited it was loaded ahead of anybody's asking
   * @returns whether it is kept, and a promise that resolves when the far tier has it, or has failed
   */
  keep(
    name: string,
    entry: Entry,
    watch?: Watch,
    awaited = false,
  ): { readonly kept: Kept; readonly written?: Promise<void> } {
    const refusal = watch?.forbids(entry.tags)
      ? 'invalidated'
      : endOf(entry.life) <= this.#settings.clock.now()
        ? 'no-life'
        : this.near.put(name, entry, awaited ? AHEAD : undefined)
    const far = refusal === undefined || refusal === 'too-large' ? this.far : undefined
    if (refusal !== undefined && !far) return { kept: this.refuse(refusal) }
    this.#counters.kept++
    return far ? { kept: true, written: far.write(name, entry) } : KEPT
  }

  /** Also what is being loaded is not kept. @returns whether the near tier held it */
  async delete(name: string): Promise<boolean> {
    this.#invalidations.name(name)
    const held = this.near.delete(name)
    await this.far?.delete(name)
    return held
  }

  /** @returns how many entries of the near tier had it */
  async invalidateTag(tag: string): Promise<number> {
    this.#invalidations.tag(tag)
    const had = this.near.deleteTag(tag)
    await this.far?.invalidateTag(tag)
    return had
  }

  /** @throws what the far tier throws: then only the near tier has forgotten */
  async clear(prefix: string): Promise<void> {
    this.#invalidations.prefix(prefix)
    this.near.clear(prefix)
    await this.far?.clear(prefix)
  }

  async close(): Promise<void> {
    this.near.clear()
    await this.far?.close()
  }

  /** Counts it. */
  refuse(refusal: string): string {
    const { refused } = this.#counters
    // The words of callers are bounded too.
    const counted = refusal in refused || Object.keys(refused).length < MOST_REASONS ? refusal : 'refused'
    refused[counted] = (refused[counted] ?? 0) + 1
    return refusal
  }
}

const KEPT = { kept: true } as const
const AHEAD = { awaited: true, trusted: true }
const FROM_AFAR = { awaited: false, trusted: false }
const ABSENT: Found = { absence: 'absent' }
const EXPIRED: Found = { absence: 'expired' }
const MOST_REASONS = 50
