import { untilAborted } from '@harbor/parts'
import { LeanResponse } from '@harbor/pool'
import { chunksOf, type ChunkSource } from './chunks-of.ts'
import { decodeText } from './decode-text.ts'
import type { HeldBytes } from './held-bytes.ts'

/** The limits for reading a body. */
export interface ReadLimits {
  /** The maximum size of the text in bytes, counted after decompression. */
  readonly maxBytes: number
  /** Limits the memory for large answers of all calls of the client together. */
  readonly held: HeldBytes
  /** Aborts a wait for memory. It does not abort reads from the connection, which have a signal of their own. */
  readonly signal: AbortSignal
}

/**
 * Reads a body as text. A compressed body is decompressed only as far as it is read, so that `maxBytes` also limits the memory.
 * @returns undefined if the body is longer than `maxBytes`; the remaining bytes are not read
 * @throws the error of the body, or the reason of `signal`
 */
export async function readText(response: Response, limits: ReadLimits): Promise<string | undefined> {
  const { chunks, length } = await collect(response, limits)
  return length > limits.maxBytes
    ? undefined
    : decodeText(joined(chunks, length), response.headers.get('content-type'))
}

/**
 * Reads the beginning of a body as text: at most `maxBytes`, not cut inside a UTF-8 character.
 * @throws the error of the body, or the reason of `signal`
 */
export async function readBeginning(response: Response, limits: ReadLimits): Promise<string> {
  const { chunks, length } = await collect(response, limits)
  const bytes = joined(chunks, length)
  const beginning =
    length > limits.maxBytes ? bytes.subarray(0, characterStart(bytes, limits.maxBytes)) : bytes
  return decodeText(beginning, response.headers.get('content-type'))
}

interface Collected {
  readonly chunks: readonly Uint8Array[]
  /** The number of bytes that were read; more than `maxBytes` if the body is longer than that. */
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

/** Whether a response has only `text()` and no body stream, such as a response of a custom `fetch` in a test. */
function hasNoStream(response: Response): boolean {
  return !(response instanceof LeanResponse) && (response.body as unknown) == null
}

function joined(chunks: readonly Uint8Array[], length: number): Buffer {
  const [first] = chunks
  return chunks.length === 1 && first
    ? Buffer.from(first.buffer, first.byteOffset, first.length)
    : Buffer.concat(chunks, length)
}

/** Returns the index of the first byte of the UTF-8 character that contains the byte at `at`. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at
  while (start > 0 && at - start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start--
  return start
}
