import type { crc32 as nodeCrc32 } from 'node:zlib'

/** Computes the CRC-32 of the bytes, as in gzip and PNG (ISO 3309). Uses the function of Node if there is one, otherwise JavaScript. */
export function crc32(bytes: Uint8Array): number {
  return (implementation ??= ofNode() ?? crc32InJavaScript)(bytes)
}

let implementation: ((bytes: Uint8Array) => number) | undefined

/**
 * Returns the function of `node:zlib`; undefined on other runtimes. The module is looked up at run time, since an import would fail in
 * bundlers that build for browsers.
 */
function ofNode(): typeof nodeCrc32 | undefined {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> }
  return process?.getBuiltinModule?.('node:zlib').crc32
}

export function crc32InJavaScript(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ remainderOf((crc ^ byte) & 0xff)
  return (crc ^ 0xffffffff) >>> 0
}

let table: Uint32Array | undefined

function remainderOf(byte: number): number {
  table ??= Uint32Array.from({ length: 256 }, (_, index) => {
    let remainder = index
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
    return remainder
  })
  return table[byte] ?? 0
}
