import { crc32 } from './crc32.ts'
import { LONGEST_LIFE_MS } from '../base/validate.ts'
import { endOf, type Life } from './staleness.ts'
import type { Entry } from './entry.ts'

/*
 * An entry as bytes, for a far tier:
 *
 *     'HRBR'  version  checksum of all that follows  length of the header  header  payload
 *       4        1                 4                          4             JSON
 *
 * Times are absolute, so an entry that wanders from tier to tier never lives longer. The key is in it: bytes that stand under
 * another key are not taken for its answer.
 */
const MAGIC = [0x48, 0x52, 0x42, 0x52]
const VERSION = 1
const PREAMBLE = 13

interface Header {
  readonly key: string
  /** The payload is text (`'json'` if it has lone surrogates, which UTF-8 cannot carry), or bytes. */
  readonly form: 'text' | 'json' | 'bytes'
  readonly encoded: boolean
  readonly head?: string
  readonly tags: readonly string[]
  readonly life: Life
}

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

/** @returns undefined for anything that is not, whole and unchanged, what this version sealed for this key */
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
    // The checksum was right, so somebody else sealed it, to another plan.
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
    endOf(life) - storedAt <= 3 * LONGEST_LIFE_MS &&
    typeof encoded === 'boolean' &&
    (head === undefined || typeof head === 'string') &&
    tags.every((tag) => typeof tag === 'string')
  )
}

const utf8 = /* @__PURE__ */ new TextEncoder()
/** Keeps a byte order mark, which belongs to the value. */
const text = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
