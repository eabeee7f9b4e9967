import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { startPool, statsOf } from '../test/pool.ts'
import { startServer } from '../test/server.ts'

const CALLS = Number(process.env.HARBOR_SOAK_CALLS ?? 1_000_000)
const AT_ONCE = 64

const heapMegabytes = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

it(`leaves no listener on a caller's signal after ${CALLS} calls, and does not grow the heap`, async () => {
  const server = await startServer((request, response) => {
    server.requests.length = 0
    if (request.url === '/cut') request.socket.destroy()
    else if (request.url === '/moved') response.writeHead(302, { location: '/' }).end()
    else response.end('ok')
  })
  const pool = startPool()
  const { signal } = new AbortController()
  let calls = 0
  let mostListeners = 0
  const call = async (index: number): Promise<void> => {
    const path = index % 50 === 0 ? '/cut' : index % 20 === 0 ? '/moved' : '/'
    const response = await pool.fetch(server.url + path, { signal })
    if (index % 10 === 1) await response.body?.cancel()
    else await response.text()
    if (index % 1_000 === 1)
      mostListeners = Math.max(mostListeners, getEventListeners(signal, 'abort').length)
  }
  async function run(until: number): Promise<number> {
    const worker = async (): Promise<void> => {
      while (calls < until) await call(calls++).catch(() => undefined)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return heapMegabytes()
  }
  const before = await run(CALLS / 10)
  const after = await run(CALLS)
  const { requests, errors, open, busy } = statsOf(pool)
  console.log({ requests, errors, open, mostListeners, heapMegabytes: { before, after } })
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect(mostListeners).toBeLessThanOrEqual(AT_ONCE)
  expect(errors).toBe(CALLS / 50)
  expect(busy).toBe(0)
  expect(after - before).toBeLessThan(4)
})
