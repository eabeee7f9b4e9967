import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPool, statsOf } from './pool.ts'

/** A server that answers each request with these raw pieces. */
async function answering(pieces: readonly string[]): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.setNoDelay(true).on('data', () => {
      void (async () => {
        for (const piece of pieces) {
          socket.write(piece)
          await new Promise((resolve) => setTimeout(resolve, pieces.length > 1 ? 2 : 0))
        }
      })()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 27\r\n\r\nHTTP/1.1 100 is in the body'

describe('an unrequested interim response', () => {
  it.each([
    ['100', CONTINUE + ANSWER],
    ['100 twice', CONTINUE + CONTINUE + ANSWER],
    ['100 with headers', `HTTP/1.1 100 Continue\r\nx-a: 1\r\nx-b: 2\r\n\r\n${ANSWER}`],
    ['100 without a reason', `HTTP/1.1 100\r\n\r\n${ANSWER}`],
    ['102', `HTTP/1.1 102 Processing\r\n\r\n${ANSWER}`],
    ['103', HINTS + ANSWER],
    ['103, then 100', HINTS + CONTINUE + ANSWER],
    ['none', ANSWER],
  ])('is ignored, and the connection is used again: %s', async (_what, text) => {
    const pool = startPool()
    const url = await answering([text])
    for (let call = 0; call < 3; call++) {
      const response = await pool.fetch(url, { method: 'POST', body: '{}' })
      expect([response.status, await response.text()]).toEqual([200, 'HTTP/1.1 100 is in the body'])
    }
    expect(statsOf(pool).opened).toBe(1)
  })

  it('is ignored wherever the network splits it', async () => {
    const text = HINTS + CONTINUE + ANSWER
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const at = [0, ...places.toSorted((one, other) => one - other), text.length]
        const url = await answering(at.slice(1).map((end, index) => text.slice(at[index], end)))
        const pool = startPool()
        const response = await pool.fetch(url, { method: 'POST', body: '{}' })
        expect(await response.text()).toBe('HTTP/1.1 100 is in the body')
      }),
      { numRuns: 30 },
    )
  })
})
