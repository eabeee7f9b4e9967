import { Buffer } from 'node:buffer'
import zlib from 'node:zlib'

export interface TimedBytes {
  /** The time after the headers of the answer, in milliseconds. */
  ms: number
  bytes: Buffer
}

/** The largest request or answer that is recorded, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: (body) => zlib.gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES }),
  'x-gzip': (body) => zlib.gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES }),
  deflate: (body) => zlib.inflateSync(body, { maxOutputLength: MAX_BODY_BYTES }),
  br: (body) => zlib.brotliDecompressSync(body, { maxOutputLength: MAX_BODY_BYTES }),
  zstd: (body) => zlib.zstdDecompressSync(body, { maxOutputLength: MAX_BODY_BYTES }),
}

/**
 * Returns the chunks of a body without its content encoding. The recorder requests bodies without an encoding. If the upstream encodes a
 * body all the same, the decoded body becomes one chunk.
 *
 * @returns undefined if the encoding is unknown, or the body cannot be decoded
 */
export function decodedChunks(
  chunks: readonly TimedBytes[],
  encoding = '',
): readonly TimedBytes[] | undefined {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length === 0) return chunks
  const decode = names.length === 1 ? DECODERS[names[0] ?? ''] : undefined
  if (decode === undefined) return undefined
  try {
    return [{ ms: chunks.at(-1)?.ms ?? 0, bytes: decode(Buffer.concat(chunks.map(({ bytes }) => bytes))) }]
  } catch {
    return undefined
  }
}
