import type { LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { PoolClosedError, PoolQueueFullError, PoolQueueTimeoutError } from '../src/index.ts'
import { startPool, statsOf } from './pool.ts'
import { postWhileServerCloses } from './stale-posts.ts'
import { echo, gate, startServer, until, type Handler } from './server.ts'

describe('a pool', () => {
  it('uses one connection for 20 sequential calls', async () => {
    const server = await startServer(echo)
    const pool = startPool()
    for (let call = 0; call < 20; call++) await (await pool.fetch(server.url)).text()
    expect(server.opened).toBe(1)
    expect(statsOf(pool)).toMatchObject({ opened: 1, requests: 20, reusedRatio: 0.95 })
  })

  it('replaces a connection older than maxConnectionAgeMs, with a new DNS lookup', async () => {
    const server = await startServer(echo)
    const lookups: string[] = []
    const lookup: LookupFunction = (host, _options, done) => {
      lookups.push(host)
      done(null, [{ address: '127.0.0.1', family: 4 }])
    }
    const pool = startPool({ maxConnectionAgeMs: 5, tls: { lookup } })
    const url = server.url.replace('127.0.0.1', 'model.example')
    await (await pool.fetch(url)).text()
    await new Promise((resolve) => setTimeout(resolve, 10))
    await (await pool.fetch(url)).text()
    expect(server.opened).toBe(2)
    expect(lookups).toEqual(['model.example', 'model.example'])
  })

  it('closes an idle connection after keepAliveMaxTimeoutMs, even if the server allows longer', async () => {
    const server = await startServer(echo)
    const pool = startPool({ keepAliveMaxTimeoutMs: 20 })
    await (await pool.fetch(server.url)).text()
    await until(() => server.sockets.size === 0)
    await until(() => statsOf(pool).open === 0)
    expect(statsOf(pool)).toMatchObject({ opened: 1, closed: 1 })
  })

  it('opens a connection again for an origin whose connections are all closed', async () => {
    const server = await startServer(echo)
    const pool = startPool({ keepAliveMaxTimeoutMs: 10 })
    await (await pool.fetch(server.url)).text()
    await until(() => statsOf(pool).open === 0)
    await (await pool.fetch(server.url)).text()
    expect(statsOf(pool)).toMatchObject({ open: 1, opened: 2, closed: 1 })
  })
})

describe('the queue', () => {
  it('holds maxQueued of a burst of 500 requests beyond `connections`, and refuses the rest with PoolQueueFullError', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const pool = startPool({ connections: 10, maxQueued: 100 })
    const calls = Array.from({ length: 500 }, () =>
      pool.fetch(server.url).then((response) => response.text()),
    )
    const settled = Promise.allSettled(calls)
    await until(() => waiting() === 10)
    expect(statsOf(pool)).toMatchObject({ open: 10, busy: 10, queued: 100, allowed: 10 })
    open()
    const refused = (await settled).filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(390)
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(PoolQueueFullError.is(reason)).toBe(true)
      expect(reason).toMatchObject({
        code: 'queue_full',
        connections: 10,
        maxQueued: 100,
        origin: server.url,
      })
    }
    expect(server.opened).toBe(10)
    expect(server.requests).toHaveLength(110)
  })

  it('serves waiting requests in order', async () => {
    const server = await startServer(echo)
    const pool = startPool({ connections: 1 })
    await Promise.all(
      ['/1', '/2', '/3', '/4'].map(async (path) => (await pool.fetch(server.url + path)).text()),
    )
    expect(server.requests).toEqual(['GET /1', 'GET /2', 'GET /3', 'GET /4'])
  })

  it('never refuses sequential calls, even with maxQueued 0', async () => {
    const server = await startServer(echo)
    const pool = startPool({ connections: 1, maxQueued: 0 })
    for (let call = 0; call < 5; call++) await (await pool.fetch(server.url)).text()
    expect(server.opened).toBe(1)
  })

  it('rejects a request that has waited for queueTimeoutMs', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const pool = startPool({ connections: 1, queueTimeoutMs: 20 })
    const first = pool.fetch(server.url)
    await until(() => waiting() === 1)
    const error: unknown = await pool.fetch(server.url).catch((reason: unknown) => reason)
    expect(PoolQueueTimeoutError.is(error)).toBe(true)
    expect(error).toMatchObject({ origin: server.url, queueTimeoutMs: 20 })
    open()
    expect((await first).status).toBe(200)
    expect(server.requests).toHaveLength(1)
  })

  it('removes a request that is aborted while it waits', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const pool = startPool({ connections: 1, maxQueued: 1 })
    const first = pool.fetch(server.url)
    await until(() => waiting() === 1)
    const caller = new AbortController()
    const second = pool.fetch(`${server.url}/second`, { signal: caller.signal })
    await until(() => statsOf(pool).queued === 1)
    caller.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    const third = pool.fetch(`${server.url}/third`)
    open()
    await Promise.all([first.then((response) => response.text()), third])
    expect(server.requests).toEqual(['GET /', 'GET /third'])
    expect(server.opened).toBe(1)
  })

  it('goes on with the next request when one cannot be sent', async () => {
    const server = await startServer(echo)
    const pool = startPool({ connections: 1 })
    const calls = Array.from({ length: 3_000 }, (_, call) =>
      pool.fetch(server.url, { headers: call === 0 || call === 2_999 ? {} : { 'bad name': 'x' } }),
    )
    const settled = await Promise.allSettled(calls.map(async (call) => (await call).text()))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(statsOf(pool)).toMatchObject({ open: 1, busy: 0, queued: 0 })
  })

  it('is separate for each origin, with its own limit', async () => {
    const [one, two] = [await startServer(echo), await startServer(echo)]
    const pool = startPool({ connections: 4, origins: { [two.url]: { connections: 1 } } })
    const calls = [one, two].flatMap(({ url }) =>
      Array.from({ length: 8 }, async () => (await pool.fetch(url)).text()),
    )
    await Promise.all(calls)
    expect([one.opened, two.opened]).toEqual([4, 1])
  })
})

describe('a stale connection', () => {
  /** Answers the first request of every connection, and cuts the connection at the second. */
  const cutsTheSecond = (): { handler: Handler; cut: string[] } => {
    const seen = new WeakSet()
    const cut: string[] = []
    return {
      cut,
      handler: async (request, response) => {
        if (!seen.has(request.socket)) {
          seen.add(request.socket)
          return echo(request, response)
        }
        cut.push(request.url ?? '')
        request.socket.resetAndDestroy()
      },
    }
  }

  it('is replaced without an error: the request is sent again on a new connection', async () => {
    const { handler, cut } = cutsTheSecond()
    const server = await startServer(handler)
    const pool = startPool()
    for (let call = 0; call < 6; call++) {
      const response = await pool.fetch(`${server.url}/${call}`, { method: 'POST', body: 'once' })
      expect(await response.json()).toMatchObject({ method: 'POST', url: `/${call}`, body: 'once' })
    }
    expect(cut.length).toBeGreaterThan(0)
    expect(statsOf(pool)).toMatchObject({ staleRetries: cut.length, errors: 0 })
  })

  it('fails the request when staleSocketRetry is off', async () => {
    const { handler } = cutsTheSecond()
    const server = await startServer(handler)
    const pool = startPool({ staleSocketRetry: false })
    await (await pool.fetch(server.url)).text()
    await expect(pool.fetch(server.url, { method: 'POST', body: 'once' })).rejects.toThrow('fetch failed')
    expect(statsOf(pool)).toMatchObject({ staleRetries: 0, errors: 1 })
  })

  it('fails the request when the body is a stream', async () => {
    const { handler } = cutsTheSecond()
    const server = await startServer(handler)
    const pool = startPool()
    await (await pool.fetch(server.url)).text()
    const body = new Blob(['once']).stream()
    await expect(pool.fetch(server.url, { method: 'POST', body, duplex: 'half' })).rejects.toThrow(
      'fetch failed',
    )
  })
})

describe('a request that was cut', () => {
  it('is not sent again on a new connection that was cut', async () => {
    const server = await startServer((request) => request.socket.destroy())
    const pool = startPool()
    await expect(pool.fetch(server.url)).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_SOCKET' },
    })
    expect(server.requests).toHaveLength(1)
  })

  it('is not sent again after its response has begun', async () => {
    let requests = 0
    const server = await startServer((request, response) => {
      if (requests++ === 0) return response.end('ok')
      request.socket.write('HTTP/1.1 200 OK\r\ncontent-le')
      setTimeout(() => request.socket.destroy(), 10)
    })
    const pool = startPool()
    await (await pool.fetch(server.url)).text()
    await expect(pool.fetch(server.url)).rejects.toThrow('fetch failed')
    expect(server.requests).toHaveLength(2)
    expect(server.opened).toBe(1)
  })

  it('neither fails nor is executed twice when a server closes idle sockets at random', async () => {
    const { staleRetries } = await postWhileServerCloses(1_000)
    expect(staleRetries).toBeGreaterThan(0)
  })
})

describe('the statistics', () => {
  it('are consistent at every moment: open = busy + free', async () => {
    const server = await startServer((request, response) => {
      setTimeout(
        () => (Math.random() < 0.2 ? request.socket.destroy() : response.end('ok')),
        Math.random() * 4,
      )
    })
    const pool = startPool({ connections: 5 })
    let moments = 0
    const watch = setInterval(check, 1)
    onTestFinished(() => clearInterval(watch))
    function check(): void {
      const stats = pool.stats()[server.url]
      if (!stats) return
      moments++
      expect(stats.open).toBe(stats.busy + stats.free)
      expect(stats.open).toBe(stats.opened - stats.closed)
      expect(stats.open + stats.connecting).toBeLessThanOrEqual(5)
      expect(stats.utilization).toBeGreaterThanOrEqual(0)
      expect(stats.utilization).toBeLessThanOrEqual(1)
    }
    const call = async (): Promise<void> => {
      const response = await pool.fetch(server.url)
      check()
      await response.text()
      check()
    }
    await Promise.allSettled(Array.from({ length: 200 }, call))
    expect(moments).toBeGreaterThan(100)
    const { firstByteMs, queueMs, errors } = statsOf(pool)
    expect(errors).toBeGreaterThan(0)
    expect(firstByteMs?.p95).toBeGreaterThanOrEqual(firstByteMs?.p50 ?? Infinity)
    expect(queueMs?.p95).toBeGreaterThanOrEqual(queueMs?.p50 ?? Infinity)
  })
})

describe('the utilization', () => {
  it('is the fraction of allowed connections in use over the last minute, and outlives them', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const pool = startPool({ connections: 4 })
    const calls = Array.from({ length: 3 }, async () => (await pool.fetch(server.url)).text())
    await until(() => waiting() === 3)
    vi.advanceTimersByTime(10_000)
    expect(statsOf(pool).utilization).toBe(0.75)
    open()
    await Promise.all(calls)
    await until(() => statsOf(pool).busy === 0)
    vi.advanceTimersByTime(20_000)
    await pool.close()
    expect(statsOf(pool)).toMatchObject({ open: 0, allowed: 4, utilization: 0.25 })
    vi.advanceTimersByTime(60_000)
    expect(statsOf(pool).utilization).toBe(0)
  })
})

describe('warm()', () => {
  it('opens 8 connections so that the first 8 requests open none', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer((request, response) =>
      request.method === 'OPTIONS' ? response.writeHead(404).end('no') : handler(request, response),
    )
    const pool = startPool()
    await pool.warm([server.url], { connections: 8 })
    expect(server.opened).toBe(8)
    const calls = Array.from({ length: 8 }, async () => (await pool.fetch(server.url)).text())
    await until(() => waiting() === 8)
    open()
    await Promise.all(calls)
    expect(server.opened).toBe(8)
  })

  it('requests a path with GET if there is one, and accepts base URLs as origins', async () => {
    const server = await startServer(echo)
    const pool = startPool()
    await pool.warm([`${server.url}/v1`], { path: '/v1/models' })
    expect(server.requests).toEqual(['GET /v1/models'])
  })

  it('rejects for an origin that cannot be reached, with its name', async () => {
    const pool = startPool()
    await expect(pool.warm(['http://127.0.0.1:9'])).rejects.toMatchObject({ origin: 'http://127.0.0.1:9' })
    await expect(pool.warm(['http://127.0.0.1:9'], { connections: 0 })).rejects.toThrow(
      'connections must be a whole number of at least 1, got 0',
    )
  })

  it('rejects more connections than are allowed at first', async () => {
    const pool = startPool({ connections: 8, autoscale: { min: 2 } })
    await expect(pool.warm(['http://127.0.0.1:9'], { connections: 3 })).rejects.toThrow(
      'connections must be at most 2, which may be open to http://127.0.0.1:9 at first, got 3',
    )
  })

  it('closes the connections of a server that sends endless responses', async () => {
    const server = await startServer((request, response) => {
      request.resume()
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', write)
      write()
    })
    await startPool().warm([server.url], { connections: 2 })
    expect(server.opened).toBe(2)
    await until(() => server.sockets.size === 0)
  })
})

describe('close()', () => {
  it('lets streams in flight end, rejects new calls with PoolClosedError, and leaves no connection', async () => {
    let finish: (() => void) | undefined
    const server = await startServer((_request, response) => {
      response.write('begun ')
      finish = () => response.end('ended')
    })
    const pool = startPool()
    const response = await pool.fetch(server.url)
    const closed = pool.close()
    for (const fetch of [pool.fetch, pool.specFetch]) {
      const error: unknown = await fetch(server.url).catch((reason: unknown) => reason)
      expect(PoolClosedError.is(error)).toBe(true)
    }
    finish?.()
    expect(await response.text()).toBe('begun ended')
    await closed
    await until(() => server.sockets.size === 0)
    expect(statsOf(pool)).toMatchObject({ open: 0, opened: 1, closed: 1 })
  })

  it('still serves the requests in the queue', async () => {
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const pool = startPool({ connections: 1 })
    const calls = Array.from({ length: 3 }, async () => (await pool.fetch(server.url)).text())
    await until(() => waiting() === 1 && statsOf(pool).queued === 2)
    const closed = pool.close()
    open()
    expect(await Promise.all(calls)).toEqual(['ok', 'ok', 'ok'])
    await closed
  })

  it('can be called again, also by `await using`', async () => {
    const server = await startServer(echo)
    const pool = startPool()
    await (await pool.fetch(server.url)).text()
    await Promise.all([pool.close(), pool.close(), pool[Symbol.asyncDispose]()])
    await until(() => server.sockets.size === 0)
  })
})
