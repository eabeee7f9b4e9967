import type { EntryOptions, ScopeOptions } from '../call-options.ts'
import { tagsIn } from '../keys/named-key.ts'
import type { EntrySettings } from '../options.ts'
import type { Content } from './codec.ts'
import { lifeOf, type Life } from './staleness.ts'

/** One cached item: a value of `load`, or the recorded answer of `record`. A key holds one of the two. */
export interface Entry extends Content {
  /** The head of a recorded answer, as JSON; undefined for a value. */
  readonly head: string | undefined
  /** The internal names of the tags, which include the scope. */
  readonly tags: readonly string[]
  readonly life: Life
}

/**
 * Creates an entry that is stored now.
 * @param bornAt when the load of the answer began, in milliseconds since 1970
 * @param head the head of a recorded answer, as JSON
 */
export function newEntry(
  settings: EntrySettings,
  { payload, encoded }: Content,
  options: ScopeOptions & EntryOptions,
  bornAt: number,
  head?: string,
): Entry {
  const { ttlJitter, clock, random } = settings
  const {
    ttlMs = settings.ttlMs,
    staleWhileRevalidateMs = settings.staleWhileRevalidateMs,
    staleIfErrorMs = settings.staleIfErrorMs,
  } = options
  const rules = { ttlMs, ttlJitter, staleWhileRevalidateMs, staleIfErrorMs }
  const tags = tagsIn(options.scope, options.tags)
  return { payload, encoded, head, tags, life: lifeOf(rules, bornAt, clock.now(), random) }
}

/**
 * An entry in memory. The fields that every hit reads come first. The times are also stored as ticks of the NearTier: V8 stores integers of
 * that size inside the object, but a time since 1970 in a separate heap number, which costs one more memory access.
 */
export class NearEntry implements Entry {
  readonly payload: string | Uint8Array
  readonly encoded: boolean
  readonly head: string | undefined
  /** Whether the entry was prefetched and has not been served to a caller yet. */
  unused: boolean
  /**
   * Whether the entry was made in this process, or has been found readable. An entry of the far tier may come from another program or
   * version.
   */
  trusted: boolean
  readonly freshUntilTick: number
  readonly storedAtTick: number
  readonly tags: readonly string[]
  readonly life: Life
  /** The size of the entry as counted against `maxBytes`, in bytes. */
  readonly bytes: number

  constructor(
    name: string,
    entry: Entry,
    how: { readonly unused: boolean; readonly trusted: boolean },
    tickOf: (time: number) => number,
  ) {
    this.payload = entry.payload
    this.encoded = entry.encoded
    this.head = entry.head
    this.unused = how.unused
    this.trusted = how.trusted
    this.freshUntilTick = tickOf(entry.life.freshUntil)
    this.storedAtTick = tickOf(entry.life.storedAt)
    this.tags = entry.tags
    this.life = entry.life
    this.bytes = entryBytes(name, entry.payload, entry.head, entry.tags)
  }
}

/** Whether an entry can be read. It may not be if another program or version wrote it. An entry in memory is checked only once. */
export function isReadable(entry: Entry, read: (entry: Entry) => boolean): boolean {
  const isNear = entry instanceof NearEntry
  if (isNear && entry.trusted) return true
  const readable = read(entry)
  if (isNear) entry.trusted = readable
  return readable
}

/** The size of an entry as counted against `maxBytes`, in bytes. */
export function entryBytes(
  name: string,
  payload: string | Uint8Array,
  head: string | undefined,
  tags: readonly string[],
): number {
  let bytes = ENTRY_BYTES + textBytes(name)
  bytes += typeof payload === 'string' ? textBytes(payload) : payload.byteLength
  if (head !== undefined) bytes += textBytes(head)
  for (const tag of tags) bytes += TAG_BYTES + textBytes(tag)
  return bytes
}

/** The size of a string in V8, in bytes: one for each character, or two if any character is beyond Latin-1. */
function textBytes(text: string): number {
  return BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length
}

/** The size of an entry besides its content, in bytes: the object, its life, its place in the map. Measured, and rounded up. */
const ENTRY_BYTES = 256
const TAG_BYTES = 64

const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/ // eslint-disable-line no-control-regex
