import { MAX_LIFE_MS } from '../base/validate.ts'
import { crc32 } from './crc32.ts'
import type { Entry } from './entry.ts'
import { endOf, type Life } from './staleness.ts'

/*
 * The format of an entry in a far tier:
 *
 *     'HRBR'  version  checksum of all that follows  length of the header  header  payload
 *       4        1                 4                          4             JSON
 *
 * Times are absolute, so an entry does not live longer when it moves between tiers. The header contains the key, so that an entry is
 * rejected if the store returns it for another key.
 */
const MAGIC = [0x48, 0x52, 0x42, 0x52]
const VERSION = 1
const PREAMBLE = 13

interface Header {
  readonly key: string
  /** The form of the payload: text, bytes, or `'json'` for text with lone surrogates, which UTF-8 cannot encode. */
  readonly form: 'text' | 'json' | 'bytes'
  readonly encoded: boolean
  readonly head?: string
  readonly tags: readonly string[]
  readonly life: Life
}

/** Encodes an entry as the bytes that the far tier stores under this key. */
export function sealEnvelope(key: string, entry: Entry): Uint8Array {
  const { payload, encoded, head, tags, life } = entry
  const form = typeof payload !== 'string' ? 'bytes' : payload.isWellFormed() ? 'text' : 'json'
  const header = utf8.encode(JSON.stringify({ key, form, encoded, head, tags, life }))
  const body =
    typeof payload !== 'string' ? payload : utf8.encode(form === 'text' ? payload : JSON.stringify(payload))

  const sealed = new Uint8Array(PREAMBLE + header.length + body.length)
  const view = new DataView(sealed.buffer)
  sealed.set(MAGIC)
  sealed[4] = VERSION
  view.setUint32(9, header.length)
  sealed.set(header, PREAMBLE)
  sealed.set(body, PREAMBLE + header.length)
  view.setUint32(5, crc32(sealed.subarray(9)))
  return sealed
}

/**
 * Decodes an entry from the bytes of the far tier. @returns undefined if these are not exactly the bytes that this version writes for this
 * key
 */
export function openEnvelope(key: string, sealed: unknown): Entry | undefined {
  if (!(sealed instanceof Uint8Array) || sealed.length < PREAMBLE) return undefined
  if (MAGIC.some((byte, at) => sealed[at] !== byte) || sealed[4] !== VERSION) return undefined
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (view.getUint32(5) !== crc32(sealed.subarray(9))) return undefined
  try {
    const end = PREAMBLE + view.getUint32(9)
    const header = JSON.parse(text(sealed.subarray(PREAMBLE, end))) as Header
    if (header.key !== key) return undefined
    const { form, encoded, head, tags, life } = header
    const entry = { payload: payloadOf(form, sealed.subarray(end)), encoded, head, tags, life }
    return isSane(entry) ? entry : undefined
  } catch {
    // The checksum is right, so another program wrote these bytes, in another format.
    return undefined
  }
}

function payloadOf(form: Header['form'], body: Uint8Array): string | Uint8Array {
  if (form === 'bytes') return new Uint8Array(body)
  return form === 'text' ? text(body) : (JSON.parse(text(body)) as string)
}

function isSane({ encoded, head, tags, life }: Entry): boolean {
  const { bornAt, storedAt, freshUntil, revalidateUntil, errorUntil } = life
  return (
    [bornAt, storedAt, freshUntil, revalidateUntil, errorUntil].every(Number.isFinite) &&
    endOf(life) - storedAt <= 3 * MAX_LIFE_MS &&
    typeof encoded === 'boolean' &&
    (head === undefined || typeof head === 'string') &&
    tags.every((tag) => typeof tag === 'string')
  )
}

const utf8 = /* @__PURE__ */ new TextEncoder()
/** Decodes UTF-8. Preserves a byte order mark, because it is part of the value. */
const text = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)

/*
 * An invalidated tag is written into the far tier as a stamp: the time of its invalidation, under a key of its own. An entry with this
 * tag is invalid if its load began before that time, in every process that shares the store. Stamps need no index, so any store will do.
 */
export function sealStamp(at: number): Uint8Array {
  return utf8.encode(`harbor-stamp ${at}`)
}

/**
 * Decodes a stamp, which is the record of a tag's invalidation in the far tier.
 * @returns when the tag was invalidated, in milliseconds since 1970: `-Infinity` if there is no stamp, `Infinity` if the stamp cannot be
 * decoded
 */
export function openStamp(stamp: unknown): number {
  if (stamp === undefined || stamp === null) return -Infinity
  if (!(stamp instanceof Uint8Array)) return Infinity
  const [, at] = STAMP.exec(new TextDecoder().decode(stamp)) ?? []
  return at === undefined ? Infinity : Number(at)
}

const STAMP = /^harbor-stamp (\d+(?:\.\d+)?)$/
