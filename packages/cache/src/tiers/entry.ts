import type { EntryOptions, ScopeOptions } from '../call-options.ts'
import { tagsIn } from '../keys/named-key.ts'
import type { EntrySettings } from '../options.ts'
import type { Content } from './codec.ts'
import { lifeOf, type Life } from './staleness.ts'

/** One cached item: a value of `load`, or a recorded answer of `record`. */
export interface Entry extends Content {
  /** The head of a recorded answer, as JSON; undefined for a value. */
  readonly head: string | undefined
  /** The tags, each with its scope, under the names that the cache uses internally. */
  readonly tags: readonly string[]
  readonly life: Life
}

/**
 * Creates an entry whose time to live begins now.
 * @param bornAt when the load of the value or answer began, in milliseconds since 1970
 * @param head the head of a recorded answer, as JSON; undefined for a value
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
 * An entry in memory. The fields that every hit reads come first. Two times are stored a second time as ticks, which are milliseconds since
 * the NearTier was created: V8 stores such small integers inside the object, but a time since 1970 in a separate heap number, which costs
 * one more memory access.
 */
export class NearEntry implements Entry {
  readonly payload: string | Uint8Array
  readonly encoded: boolean
  readonly head: string | undefined
  /** Whether the entry was prefetched and has not been served to a caller yet. */
  unused: boolean
  /**
   * Whether the entry needs no check before it is served: it was made in this process, or has passed the check already. An entry of the far
   * tier may have been written by another program or version.
   */
  trusted: boolean
  readonly freshUntilTick: number
  readonly storedAtTick: number
  readonly tags: readonly string[]
  readonly life: Life
  /** The number of bytes that the entry counts against `maxBytes`. */
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

/**
 * Whether an entry can be served, according to the check `read`. An entry that another program or version wrote may fail the check. An
 * entry in memory that has passed is not checked again.
 */
export function isReadable(entry: Entry, read: (entry: Entry) => boolean): boolean {
  const isNear = entry instanceof NearEntry
  if (isNear && entry.trusted) return true
  const readable = read(entry)
  if (isNear) entry.trusted = readable
  return readable
}

/** Returns the number of bytes that an entry counts against `maxBytes`. */
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

/** Returns the size of a string in V8, in bytes: one for each character, or two if any character is beyond Latin-1. */
function textBytes(text: string): number {
  return BEYOND_LATIN_1.test(text) ? 2 * text.length : text.length
}

/**
 * The size of an entry besides its name, content and tags, in bytes: the objects themselves and the place in the map. Measured, and rounded
 * up.
 */
const ENTRY_BYTES = 256
const TAG_BYTES = 64

const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/ // eslint-disable-line no-control-regex -- a range of code units, not of visible characters
