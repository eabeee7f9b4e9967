import { once } from 'node:events'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Dispatcher, interceptors, request } from 'undici'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Pool } from '../src/index.ts'
import type { LazyDispatcherFacade } from '../src/undici/lazy-dispatcher-facade.ts'
import { startPool, statsOf } from './pool.ts'
import { echo, startServer, type Echoed } from './server.ts'

/** A pool whose dispatcher is read before undici is loaded. */
function startEarly(): { pool: Pool; early: Dispatcher } {
  const pool = startPool()
  const early = pool.dispatcher
  expect(early).not.toBeInstanceOf(Dispatcher)
  return { pool, early }
}

describe('the dispatcher of a pool', () => {
  it("is undici's own once that is loaded", async () => {
    const pool = startPool()
    await pool.warm([])
    expect(pool.dispatcher).toBeInstanceOf(Dispatcher)
    expect(pool.dispatcher).toBe(pool.dispatcher)
  })

  it("works with undici's functions if it was read before, for the life of the pool", async () => {
    const { url } = await startServer(echo)
    const { pool, early } = startEarly()
    expect(pool.dispatcher).toBe(early)
    for (let call = 0; call < 2; call++) {
      const { body } = await request(url, { dispatcher: early })
      expect(((await body.json()) as Echoed).method).toBe('GET')
    }
    expect(statsOf(pool)).toMatchObject({ opened: 1, requests: 2 })
  })

  it("has every member of undici's Dispatcher if it was read before, by its types and at run time", () => {
    expectTypeOf<keyof Dispatcher>().toExtend<keyof LazyDispatcherFacade>()
    const { early } = startEarly()
    const methods = Object.getOwnPropertyNames(Dispatcher.prototype)
    expect(methods).toContain('request')
    expect(methods.filter((name) => typeof early[name as keyof Dispatcher] !== 'function')).toEqual([])
  })

  it('has its own request(), stream() and pipeline(), as promises and with callbacks', async () => {
    const server = await startServer(echo)
    const [{ early }, options] = [startEarly(), { origin: server.url, method: 'POST' } as const]
    const collected: string[] = []
    const sink = (): Writable =>
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          collected.push(chunk.toString())
          done()
        },
      })
    const byCallback = Promise.withResolvers<Dispatcher.ResponseData>()
    early.request({ ...options, path: '/callback', body: 'x' }, (error, data) =>
      error ? byCallback.reject(error) : byCallback.resolve(data),
    )
    const duplex = early.pipeline({ ...options, path: '/pipeline' }, ({ body }) => body)
    duplex.end('piped')
    const [promised, called, piped] = await Promise.all([
      early.request({ ...options, path: '/promise', body: 'x' }),
      byCallback.promise,
      text(duplex),
      early.stream({ ...options, path: '/stream', body: 'x' }, sink),
    ])
    expect(await promised.body.json()).toMatchObject({ url: '/promise', body: 'x' })
    expect(await called.body.json()).toMatchObject({ url: '/callback', body: 'x' })
    expect(JSON.parse(piped)).toMatchObject({ url: '/pipeline', body: 'piped' })
    expect(JSON.parse(collected.join(''))).toMatchObject({ url: '/stream', body: 'x' })
  })

  it('has its own connect() and upgrade()', async () => {
    const { server, url } = await startServer(echo)
    server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n'),
    )
    server.on('connect', (_request, socket) => socket.end('HTTP/1.1 200 Connection established\r\n\r\n'))
    const upgraded = await startEarly().early.upgrade({ origin: url, path: '/', protocol: 'other' } as never)
    expect(upgraded.headers).toMatchObject({ upgrade: 'other' })
    const connected = await startEarly().early.connect({ origin: url, path: 'model.test:443' })
    expect(connected.statusCode).toBe(200)
    upgraded.socket.destroy()
    connected.socket.destroy()
  })

  it('composes interceptors', async () => {
    const server = await startServer((request, response) =>
      request.url === '/old' ? response.writeHead(302, { location: '/new' }).end() : response.end('arrived'),
    )
    const { early } = startEarly()
    const composed = early.compose([interceptors.redirect({ maxRedirections: 1 })])
    for (const ask of [
      () => composed.request({ origin: server.url, path: '/old', method: 'GET' }),
      () => request(`${server.url}/old`, { dispatcher: composed }),
    ])
      expect(await (await ask()).body.text()).toBe('arrived')
    expect(server.requests).toEqual(['GET /old', 'GET /new', 'GET /old', 'GET /new'])
  })

  it("emits undici's events", async () => {
    const { url, sockets } = await startServer(echo)
    const { early } = startEarly()
    const disconnected = once(early, 'disconnect')
    await (await early.request({ origin: url, path: '/', method: 'GET' })).body.dump()
    for (const socket of sockets) socket.destroy()
    expect(String((await disconnected)[0])).toBe(`${url}/`)
  })

  it('finishes its requests on close(), and ends at once on destroy()', async () => {
    const { url } = await startServer(echo)
    const closed = startEarly().early
    const { body } = await closed.request({ origin: url, path: '/', method: 'GET' })
    await body.dump()
    await new Promise<void>((done) => closed.close(done))
    await expect(closed.request({ origin: url, path: '/', method: 'GET' })).rejects.toThrow()

    const destroyed = startEarly().early
    const failing = destroyed
      .request({ origin: url, path: '/', method: 'GET' })
      .catch((error: unknown) => error)
    const reason = new Error('enough')
    await new Promise<void>((done) => destroyed.destroy(reason, done))
    expect(await failing).toBe(reason)
  })
})
