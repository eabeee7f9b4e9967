import { LRUCache } from 'lru-cache'
import { freshnessOf } from './staleness.ts'
import type { Counters } from '../counters.ts'
import { NearEntry, type Entry } from './entry.ts'

/**
 * The tier in memory: at most so many entries and bytes, the least recently used leave first. It waits for nothing and runs
 * no timer; what has expired is dropped when somebody looks for it, or makes room like everything else.
 */
export class NearTier {
  readonly #entries: LRUCache<string, NearEntry>
  readonly #maxBytes: number
  readonly #namesByTag = new Map<string, Set<string>>()
  readonly #counters: Counters
  readonly #madeAt: number

  /** @param madeAt now, in milliseconds since 1970: its ticks are whole milliseconds since then */
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
        if (entry.awaited) counters.prefetch.wasted++
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

  /** What is kept under this name, if it is good for anything. */
  get(name: string, now: number): NearEntry | 'expired' | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined || freshnessOf(entry.life, now) !== 'expired') return entry
    this.#entries.delete(name)
    return 'expired'
  }

  /** The same where only a fresh one will do; what else is there stays there. It may miss one in its last millisecond. */
  getFresh(name: string, now: number): NearEntry | undefined {
    const entry = this.#entries.get(name)
    return entry !== undefined && this.#tickOf(now) < entry.freshUntilTick ? entry : undefined
  }

  /** How long ago it was stored, in whole milliseconds. */
  ageOf(entry: NearEntry, now: number): number {
    return Math.max(0, this.#tickOf(now) - entry.storedAtTick)
  }

  /** Without being a use of it. */
  isFresh(name: string, now: number): boolean {
    const entry = this.#entries.peek(name)
    return entry !== undefined && freshnessOf(entry.life, now) === 'fresh'
  }

  /** Somebody was served with it. */
  used(entry: Entry): void {
    if (!(entry instanceof NearEntry && entry.awaited)) return
    entry.awaited = false
    this.#counters.prefetch.useful++
  }

  /**
   * @param how.awaited it was loaded ahead of anybody's asking
   * @param how.trusted it was made in this process
   * @returns why it was not taken, if it was not
   */
  put(
    name: string,
    entry: Entry,
    how: { readonly awaited: boolean; readonly trusted: boolean } = OWN,
  ): 'too-large' | 'superseded' | undefined {
    const present = this.#entries.peek(name)
    if (present !== undefined && present.life.bornAt > entry.life.bornAt) return 'superseded'
    const kept = new NearEntry(name, entry, how, this.#tickOf)
    if (kept.bytes > this.#maxBytes) {
      // What it would have replaced is out of date.
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

  /** Forgets what came from the far tier and could not be read, so that it cannot stand in the way of what can. */
  deleteUntrusted(name: string): void {
    if (this.#entries.peek(name)?.trusted === false) this.#entries.delete(name)
  }

  /** @returns how many entries had the tag */
  deleteTag(tag: string): number {
    const names = [...(this.#namesByTag.get(tag) ?? [])]
    for (const name of names) this.#entries.delete(name)
    return names.length
  }

  /** @param prefix of the names that go; everything when it is left out */
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

const OWN = { awaited: false, trusted: true }
