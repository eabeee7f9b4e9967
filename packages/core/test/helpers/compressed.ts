import { gzipSync, zstdCompressSync } from 'node:zlib'

export const gzipped = (text: string): Buffer => gzipSync(text)
export const zstded = (text: string): Buffer => zstdCompressSync(text)
/** The beginning of a bzip2 file, which Node cannot make. */
export const bzip = new Uint8Array([0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26])
