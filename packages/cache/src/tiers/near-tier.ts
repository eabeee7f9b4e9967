import { LRUCache } from 'lru-cache'
import type { Counters } from '../cache-stats.ts'
import { NearEntry, type Entry } from './entry.ts'
import { freshnessOf } from './staleness.ts'

/**
 * The tier in memory (L1). The numbers of its entries and bytes are limited; the least recently used entry is evicted first. It is
 * synchronous and has no timer: an expired entry stays in memory until it is accessed or evicted.
 */
export class NearTier {
  readonly #entries: LRUCache<string, NearEntry>
  readonly #maxBytes: number
  readonly #namesByTag = new Map<string, Set<string>>()
  readonly #counters: Counters
  readonly #madeAt: number

  /** @param madeAt the current time, in milliseconds since 1970. A tick is a whole number of milliseconds since this time */
  constructor(limits: { maxEntries: number; maxBytes: number }, counters: Counters, madeAt: number) {
    this.#madeAt = madeAt
    this.#maxBytes = limits.maxBytes
    this.#counters = counters
    this.#entries = new LRUCache({
      max: limits.maxEntries,
      maxSize: limits.maxBytes,
      sizeCalculation: (entry) => entry.bytes,
      dispose: (entry, name, reason) => {
        if (entry.tags.length > 0) this.#untag(name, entry)
        if (reason === 'evict') counters.evictions++
        if (entry.unused) counters.prefetch.wasted++
      },
    })
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  /** The number of different tags that the entries have. */
  get tagged(): number {
    return this.#namesByTag.size
  }

  /** Returns the entry with this name. If the entry has expired, drops it and returns `'expired'`. */
  get(name: string, now: number): NearEntry | 'expired' | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined || freshnessOf(entry.life, now) !== 'expired') return entry
    this.#entries.delete(name)
    return 'expired'
  }

  /**
   * Returns the entry with this name, if it is fresh. An entry may count as stale up to one millisecond too early, since ticks are rounded.
   */
  getFresh(name: string, now: number): NearEntry | undefined {
    const entry = this.#entries.get(name)
    return entry !== undefined && this.#tickOf(now) < entry.freshUntilTick ? entry : undefined
  }

  /** Returns the time since an entry was stored, in whole milliseconds. */
  ageOf(entry: NearEntry, now: number): number {
    return Math.max(0, this.#tickOf(now) - entry.storedAtTick)
  }

  /** Whether the entry with this name is fresh. Does not count as a use of the entry. */
  isFresh(name: string, now: number): boolean {
    const entry = this.#entries.peek(name)
    return entry !== undefined && freshnessOf(entry.life, now) === 'fresh'
  }

  /** Records that this entry was served to a caller. */
  used(entry: Entry): void {
    if (!(entry instanceof NearEntry && entry.unused)) return
    entry.unused = false
    this.#counters.prefetch.useful++
  }

  /**
   * Stores an entry, unless a newer one is stored already.
   *
   * @param how.unused whether the entry was prefetched and no caller has used it yet
   * @param how.trusted whether the entry was made in this process
   * @returns the reason why the entry was not stored; undefined if it was
   */
  put(
    name: string,
    entry: Entry,
    how: { readonly unused: boolean; readonly trusted: boolean } = OWN,
  ): 'too-large' | 'superseded' | undefined {
    const present = this.#entries.peek(name)
    if (present !== undefined && present.life.bornAt > entry.life.bornAt) return 'superseded'
    const nearEntry = new NearEntry(name, entry, how, this.#tickOf)
    if (nearEntry.bytes > this.#maxBytes) {
      // The present entry is older than the one that cannot be stored.
      this.#entries.delete(name)
      return 'too-large'
    }
    this.#entries.set(name, nearEntry)
    for (const tag of nearEntry.tags) this.#tag(tag, name)
    return undefined
  }

  delete(name: string): boolean {
    return this.#entries.delete(name)
  }

  /** Deletes the entry with this name if it was copied from the far tier and has not been found readable. The next call then loads. */
  deleteUntrusted(name: string): void {
    if (this.#entries.peek(name)?.trusted === false) this.#entries.delete(name)
  }

  /** Deletes all entries with this tag. @returns how many entries had the tag */
  deleteTag(tag: string): number {
    const names = [...(this.#namesByTag.get(tag) ?? [])]
    for (const name of names) this.#entries.delete(name)
    return names.length
  }

  /** Deletes all entries whose names begin with the prefix; by default, all entries. */
  clear(prefix = ''): void {
    for (const name of [...this.#entries.keys()]) {
      if (name.startsWith(prefix)) this.#entries.delete(name)
    }
  }

  readonly #tickOf = (time: number): number => Math.floor(time - this.#madeAt)

  #tag(tag: string, name: string): void {
    const names = this.#namesByTag.get(tag)
    if (names) names.add(name)
    else this.#namesByTag.set(tag, new Set([name]))
  }

  #untag(name: string, entry: NearEntry): void {
    for (const tag of entry.tags) {
      const names = this.#namesByTag.get(tag)
      names?.delete(name)
      if (names?.size === 0) this.#namesByTag.delete(tag)
    }
  }
}

const OWN = { unused: false, trusted: true }
