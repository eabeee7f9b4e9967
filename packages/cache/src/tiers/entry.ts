import type { Content } from './codec.ts'
import { entryBytes } from './size.ts'
import type { Life } from './staleness.ts'

/** One thing that is kept: a value of `load`, or the recorded answer of `record`. A key holds one of the two. */
export interface Entry extends Content {
  /** The head of a recorded answer, as JSON; undefined for a value. */
  readonly head: string | undefined
  /** As named inside their scope. */
  readonly tags: readonly string[]
  readonly life: Life
}

/**
 * An entry in memory. What every hit reads stands first, and its times once more as ticks of the tier: V8 keeps whole numbers of
 * that size in the object itself, and a time since 1970 in a box elsewhere, which is one more wait for memory.
 */
export class NearEntry implements Entry {
  readonly payload: string | Uint8Array
  readonly encoded: boolean
  readonly head: string | undefined
  /** Loaded ahead, and nobody has asked for it yet. */
  awaited: boolean
  /** Made in this process, or found to be readable. What comes from a far tier may have another writer. */
  trusted: boolean
  readonly freshUntilTick: number
  readonly storedAtTick: number
  readonly tags: readonly string[]
  readonly life: Life
  /** What it counts against `maxBytes`. */
  readonly bytes: number

  constructor(
    name: string,
    entry: Entry,
    how: { readonly awaited: boolean; readonly trusted: boolean },
    tickOf: (time: number) => number,
  ) {
    this.payload = entry.payload
    this.encoded = entry.encoded
    this.head = entry.head
    this.awaited = how.awaited
    this.trusted = how.trusted
    this.freshUntilTick = tickOf(entry.life.freshUntil)
    this.storedAtTick = tickOf(entry.life.storedAt)
    this.tags = entry.tags
    this.life = entry.life
    this.bytes = entryBytes(name, entry.payload, entry.head, entry.tags)
  }
}

/** Checks an entry that may have another writer, once; one in memory that has passed is trusted from then on. */
export function isReadable(entry: Entry, read: (entry: Entry) => boolean): boolean {
  const isNear = entry instanceof NearEntry
  if (isNear && entry.trusted) return true
  const readable = read(entry)
  if (isNear) entry.trusted = readable
  return readable
}
