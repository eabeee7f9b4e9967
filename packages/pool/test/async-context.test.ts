import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { startPool, statsOf } from './pool.ts'
import { startProxy } from './proxy.ts'
import { startServer, type Handler } from './server.ts'

const caller = new AsyncLocalStorage<string>()
const CALLERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** The channels where tracing tools start a span, and where they add headers. */
const CHANNELS = ['undici:request:create', 'undici:client:sendHeaders']

/** The requests sent, by channel, as `path: the caller in whose context it was sent`. */
function watch(): () => Record<string, string[]> {
  const left: Record<string, string[]> = Object.fromEntries(CHANNELS.map((channel) => [channel, []]))
  for (const channel of CHANNELS) {
    const note = (message: unknown): void => {
      const { path } = (message as { request: { path: string } }).request
      left[channel]?.push(`${path.split('/').at(-1)}: ${caller.getStore()}`)
    }
    subscribe(channel, note)
    onTestFinished(() => void unsubscribe(channel, note))
  }
  return () => left
}

const OWN = CALLERS.map((name) => `${name}: ${name}`)
const expectOwn = (left: Record<string, string[]>): void => {
  for (const channel of CHANNELS) expect(left[channel]?.toSorted()).toEqual(OWN)
}

const slowly: Handler = (request, response) => {
  request.resume().on('end', () => setTimeout(() => response.end('ok'), 5))
}

const call = (pool: Pool, url: string, name: string, init?: RequestInit): Promise<string> =>
  caller.run(name, async () => (await pool.fetch(`${url}/${name}`, init)).text())

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('the async context of a caller', () => {
  it.each([0, 1, 20])('is kept for consecutive requests, with %i ms in between', async (ms) => {
    const { url } = await startServer(slowly)
    const pool = startPool()
    const left = watch()
    for (const name of CALLERS) {
      await call(pool, url, name)
      if (ms > 0) await pause(ms)
    }
    expectOwn(left())
    expect(statsOf(pool).opened).toBe(1)
  })

  it.each<[string, PoolOptions]>([
    ['all at once', {}],
    ['waiting for one of two connections', { connections: 2 }],
    ['waiting for the only connection', { connections: 1 }],
    ['under autoscale', { autoscale: { min: 1, targetQueueMs: 3 } }],
    ['over connections that may not be used again', { maxConnectionAgeMs: 1, connections: 2 }],
  ])('is kept for concurrent requests: %s', async (_how, options) => {
    const { url } = await startServer(slowly)
    const pool = startPool(options)
    const left = watch()
    await Promise.all(CALLERS.map((name) => call(pool, url, name)))
    expectOwn(left())
  })

  it('is kept before undici is loaded', async () => {
    const { url } = await startServer(slowly)
    const left = watch()
    const pool = createPool({ connections: 2 })
    onTestFinished(() => pool.close())
    await Promise.all(CALLERS.map((name) => call(pool, url, name)))
    expectOwn(left())
  })

  it('is kept for a request that is sent again since its connection was dead', async () => {
    const { url } = await startServer((request, response) => {
      request.resume().on('end', () => {
        response.end('ok')
        // The next request on this connection finds it closed.
        request.socket.once('data', () => request.socket.destroy())
      })
    })
    const pool = startPool()
    const left = watch()
    for (const name of CALLERS) {
      await call(pool, url, name)
      await pause(5)
    }
    expect(statsOf(pool).staleRetries).toBeGreaterThan(0)
    for (const channel of CHANNELS) {
      expect([...new Set(left()[channel])].toSorted()).toEqual(OWN)
    }
  })

  it('is kept when other requests lose their connections, or leave the queue', async () => {
    const { url } = await startServer((request, response) => {
      if (request.url === '/cut') request.socket.destroy()
      else slowly(request, response)
    })
    const pool = startPool({ connections: 1 })
    const left = watch()
    const leave = new AbortController()
    const others = [
      caller.run('other', () => pool.fetch(`${url}/cut`)).catch(() => undefined),
      caller.run('other', () => pool.fetch(`${url}/left`, { signal: leave.signal })).catch(() => undefined),
    ]
    const calls = CALLERS.map((name) => call(pool, url, name))
    leave.abort(new Error('The caller left.'))
    await Promise.all([...others, ...calls])
    for (const channel of CHANNELS) {
      const { [channel]: lines = [] } = left()
      expect(lines.filter((line) => !line.endsWith('other')).toSorted()).toEqual(OWN)
    }
  })

  it('is kept when no further connection can be opened', async () => {
    const { url } = await startServer(slowly)
    let sockets = 2
    const lookup: LookupFunction = (_host, _options, done) => {
      if (sockets-- > 0) done(null, [{ address: '127.0.0.1', family: 4 }])
      else done(Object.assign(new Error('EMFILE'), { code: 'EMFILE', syscall: 'getaddrinfo' }), '')
    }
    const pool = startPool({ tls: { lookup } })
    const left = watch()
    const host = url.replace('127.0.0.1', 'model.example')
    await Promise.all(CALLERS.map((name) => call(pool, host, name)))
    expect([...new Set(left()['undici:request:create'])].toSorted()).toEqual(OWN)
    expect(left()['undici:client:sendHeaders']?.toSorted()).toEqual(OWN)
  })

  it('is kept through a forwarding proxy', async () => {
    const { url } = await startServer(slowly)
    const proxy = await startProxy()
    const pool = startPool({ proxy: proxy.url, connections: 2 })
    const left = watch()
    await Promise.all(CALLERS.map((name) => call(pool, url, name)))
    expect(left()['undici:request:create']?.toSorted()).toEqual(OWN)
  })

  it('is kept for a streamed body, which is read in it', async () => {
    const { url } = await startServer(slowly)
    const pool = startPool({ connections: 1 })
    const left = watch()
    const read: string[] = []
    const bodyOf = async function* (name: string): AsyncGenerator<Uint8Array> {
      read.push(`${name}: ${caller.getStore()}`)
      yield Buffer.from(name)
    }
    const posts = CALLERS.map((name) =>
      call(pool, url, name, { method: 'POST', body: bodyOf(name) as never, duplex: 'half' }),
    )
    await Promise.all(posts)
    expectOwn(left())
    expect(read.toSorted()).toEqual(OWN)
  })
})
