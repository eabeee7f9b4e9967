import { LRUCache } from 'lru-cache'
import type { Counters } from '../cache-stats.ts'
import { NearEntry, type Entry } from './entry.ts'
import { freshnessOf } from './staleness.ts'

/**
 * The tier in memory (L1), bounded by entries and bytes; the least recently used entry is evicted first. It is synchronous and has no
 * timer: an expired entry is dropped on access, or evicted like any other.
 */
export class NearTier {
  readonly #entries: LRUCache<string, NearEntry>
  readonly #maxBytes: number
  readonly #namesByTag = new Map<string, Set<string>>()
  readonly #counters: Counters
  readonly #madeAt: number

  /** @param madeAt now, in milliseconds since 1970. Ticks are whole milliseconds since then */
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

  /** How many different tags its entries have. */
  get tagged(): number {
    return this.#namesByTag.size
  }

  /** The entry with this name, unless it has expired. */
  get(name: string, now: number): NearEntry | 'expired' | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined || freshnessOf(entry.life, now) !== 'expired') return entry
    this.#entries.delete(name)
    return 'expired'
  }

  /** The entry with this name if it is fresh. It may miss an entry in its last millisecond. */
  getFresh(name: string, now: number): NearEntry | undefined {
    const entry = this.#entries.get(name)
    return entry !== undefined && this.#tickOf(now) < entry.freshUntilTick ? entry : undefined
  }

  /** Its age in whole milliseconds. */
  ageOf(entry: NearEntry, now: number): number {
    return Math.max(0, this.#tickOf(now) - entry.storedAtTick)
  }

  /** Does not count as a use of the entry. */
  isFresh(name: string, now: number): boolean {
    const entry = this.#entries.peek(name)
    return entry !== undefined && freshnessOf(entry.life, now) === 'fresh'
  }

  /** A caller was served with this entry. */
  used(entry: Entry): void {
    if (!(entry instanceof NearEntry && entry.unused)) return
    entry.unused = false
    this.#counters.prefetch.useful++
  }

  /**
   * @param how.unused it was prefetched, and no caller has used it
   * @param how.trusted it was made in this process
   * @returns why it was not stored, or undefined
   */
  put(
    name: string,
    entry: Entry,
    how: { readonly unused: boolean; readonly trusted: boolean } = OWN,
  ): 'too-large' | 'superseded' | undefined {
    const present = this.#entries.peek(name)
    if (present !== undefined && present.life.bornAt > entry.life.bornAt) return 'superseded'
    const kept = new NearEntry(name, entry, how, this.#tickOf)
    if (kept.bytes > this.#maxBytes) {
      // The entry that it would have replaced is out of date.
      this.#entries.delete(name)
      return 'too-large'
    }
    this.#entries.set(name, kept)
    for (const tag of kept.tags) this.#tag(tag, name)
    return undefined
  }

  delete(name: string): boolean {
    return this.#entries.delete(name)
  }

  /** Deletes an entry of the far tier that could not be read, so that the next call loads. */
  deleteUntrusted(name: string): void {
    if (this.#entries.peek(name)?.trusted === false) this.#entries.delete(name)
  }

  /** @returns how many entries had the tag */
  deleteTag(tag: string): number {
    const names = [...(this.#namesByTag.get(tag) ?? [])]
    for (const name of names) this.#entries.delete(name)
    return names.length
  }

  /** @param prefix of the names to delete; by default all */
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
