import type { Content } from '../codec.ts'
import { entryBytes } from '../size.ts'
import type { Life } from '../staleness.ts'

/** One thing that is kept: a value of `load`, or the recorded answer of `record`. A key holds one of the two. */
export interface Entry extends Life, Content {
  /** The head of a recorded answer, as JSON; undefined for a value. */
  readonly head: string | undefined
  /** As named inside their scope. */
  readonly tags: readonly string[]
}

/** An entry in memory. */
export class NearEntry implements Entry {
  readonly payload: string | Uint8Array
  readonly encoded: boolean
  readonly head: string | undefined
  readonly tags: readonly string[]
  readonly bornAt: number
  readonly storedAt: number
  readonly freshUntil: number
  readonly revalidateUntil: number
  readonly errorUntil: number
  /** What it counts against `maxBytes`. */
  readonly bytes: number
  /** Loaded ahead, and nobody has asked for it yet. */
  awaited: boolean

  constructor(name: string, entry: Entry, awaited: boolean) {
    this.payload = entry.payload
    this.encoded = entry.encoded
    this.head = entry.head
    this.tags = entry.tags
    this.bornAt = entry.bornAt
    this.storedAt = entry.storedAt
    this.freshUntil = entry.freshUntil
    this.revalidateUntil = entry.revalidateUntil
    this.errorUntil = entry.errorUntil
    this.bytes = entryBytes(name, entry.payload, entry.head, entry.tags)
    this.awaited = awaited
  }
}
