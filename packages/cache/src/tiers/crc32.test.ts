import fc from 'fast-check'
import { crc32 as nodeCrc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { crc32, crc32InJavaScript } from './crc32.ts'

describe('crc32', () => {
  it('gives the published check value of the algorithm', () => {
    expect(crc32InJavaScript(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  it('gives the same checksum in JavaScript as in Node, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(crc32InJavaScript(bytes)).toBe(nodeCrc32(bytes))
        expect(crc32(bytes)).toBe(nodeCrc32(bytes))
      }),
    )
  })
})
