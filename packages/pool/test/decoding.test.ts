import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { startPool } from './pool.ts'
import { startServer } from './server.ts'

const MiB = 1_048_576

/** 256 MiB of one character, compressed as far as the encoding can. */
const BOMBS: Readonly<Record<string, Buffer>> = {
  gzip: zlib.gzipSync(Buffer.alloc(256 * MiB, 97)),
  br: zlib.brotliCompressSync(Buffer.alloc(256 * MiB, 97), {
    params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 2 },
  }),
  zstd: zlib.zstdCompressSync(Buffer.alloc(256 * MiB, 97)),
  deflate: zlib.deflateSync(Buffer.alloc(256 * MiB, 97)),
}

describe('a body that becomes much larger when it is decoded', () => {
  it.each(Object.keys(BOMBS))('is decoded only as far as it is read: %s', async (encoding) => {
    const bomb = BOMBS[encoding]
    const server = await startServer((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb)
    })
    const response = await startPool().fetch(server.url)
    const before = process.memoryUsage().arrayBuffers
    let length = 0
    for await (const chunk of response.chunks()) {
      length += chunk.length
      if (length > 2 * MiB) break
    }
    // Enough time for a decoder that would run ahead of its reader.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(length).toBeLessThan(3 * MiB)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * MiB)
  })
})

describe('an abort while a body is decoded', () => {
  it.each(Object.keys(BOMBS))(
    'makes the read reject in the same turn, although the decoder is at work: %s',
    async (encoding) => {
      const server = await startServer((_, response) => {
        response.writeHead(200, { 'content-encoding': encoding }).write(BOMBS[encoding]?.subarray(0, 10_000))
      })
      const caller = new AbortController()
      const response = await startPool().fetch(server.url, { signal: caller.signal })
      // All threads are busy, so that the decoder waits for one.
      const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('secret', 'salt', 100_000, 64, 'sha512'))
      const read = response.text().catch((error: unknown) => error)
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
      const reason = new Error('the user left')
      caller.abort(reason)
      const turn = new Promise((resolve) => setImmediate(resolve, 'a turn later'))
      expect(await Promise.race([read, turn])).toBe(reason)
      await Promise.all(busy)
    },
  )
})
