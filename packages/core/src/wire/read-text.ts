import { untilAborted } from '@harbor/parts'
import { LeanResponse } from '@harbor/pool'
import { chunksOf, type ChunkSource } from './chunks-of.ts'
import { decodeText } from './decode-text.ts'
import type { HeldBytes } from './held-bytes.ts'

/** What bounds the reading of a body. */
export interface ReadLimits {
  /** Bytes of the body after decoding. */
  readonly maxBytes: number
  readonly held: HeldBytes
  /** Ends the wait for memory. The body has a signal of its own. */
  readonly signal: AbortSignal
}

/**
 * Reads a body as text. The bound holds while it is read: a compressed body is decoded only as far as it is taken.
 * @returns undefined when the body is longer than `maxBytes`; the rest is not read then
 * @throws the error of the body, or the reason of `signal`
 */
export async function readText(response: Response, limits: ReadLimits): Promise<string | undefined> {
  const { chunks, length } = await collect(response, limits)
  return length > limits.maxBytes
    ? undefined
    : decodeText(joined(chunks, length), response.headers.get('content-type'))
}

/** The same for a text that is worth having in part: a longer one is cut after `maxBytes`, and not inside a character. */
export async function readBeginning(response: Response, limits: ReadLimits): Promise<string> {
  const { chunks, length } = await collect(response, limits)
  const bytes = joined(chunks, length)
  const beginning = length > limits.maxBytes ? bytes.subarray(0, characterEnd(bytes, limits.maxBytes)) : bytes
  return decodeText(beginning, response.headers.get('content-type'))
}

interface Collected {
  readonly chunks: readonly Uint8Array[]
  /** More than `maxBytes` when the body is longer than that. */
  readonly length: number
}

async function collect(response: Response, { maxBytes, held, signal }: ReadLimits): Promise<Collected> {
  if (hasNoStream(response)) {
    const bytes = Buffer.from(await response.text())
    return { chunks: [bytes], length: bytes.length }
  }
  const source = chunksOf(response)
  const hold = held.open(maxBytes)
  const chunks: Uint8Array[] = []
  let length = 0
  let hasEnded = false
  try {
    while (length <= maxBytes) {
      const chunk = source.take?.() ?? (await nextOf(source))
      hasEnded = chunk === undefined
      if (!chunk) break
      chunks.push(chunk)
      length += chunk.length
      const room = hold.reserve(Math.min(length, maxBytes))
      if (room) await untilAborted(signal, room)
    }
    return { chunks, length }
  } finally {
    hold.close()
    if (!hasEnded) void source.return?.().catch(() => undefined)
  }
}

async function nextOf(source: ChunkSource): Promise<Uint8Array | undefined> {
  const result = await source.next()
  return result.done === true ? undefined : result.value
}

/** What a `fetch` of the caller's own may answer with, in tests above all: an object with `text()` alone. */
function hasNoStream(response: Response): boolean {
  return !(response instanceof LeanResponse) && (response.body as unknown) == null
}

function joined(chunks: readonly Uint8Array[], length: number): Buffer {
  const [first] = chunks
  return chunks.length === 1 && first
    ? Buffer.from(first.buffer, first.byteOffset, first.length)
    : Buffer.concat(chunks, length)
}

/** The last place at or before `at` where a character of UTF-8 begins. */
function characterEnd(bytes: Uint8Array, at: number): number {
  let end = at
  while (end > 0 && at - end < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return end
}
