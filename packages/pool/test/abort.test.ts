import { getEventListeners, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startPool, statsOf } from './pool.ts'
import { echo, startServer, until, type Handler } from './server.ts'

describe('an abort', () => {
  it('rejects with the reason and sends nothing, if it comes before the call', async () => {
    const { url, requests } = await startServer(echo)
    const reason = new Error('never mind')
    await expect(startPool().fetch(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(requests).toEqual([])
  })

  it('rejects at once and leaves no connection, if it comes while connecting', async () => {
    const { url, sockets } = await startServer(echo)
    const pool = startPool()
    await pool.warm([])
    const caller = new AbortController()
    const reason = new Error('never mind')
    const call = pool.fetch(url, { signal: caller.signal })
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    expect(statsOf(pool)).toMatchObject({ connecting: 1, open: 0 })
    caller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await until(() => sockets.size === 0 && Object.values(pool.stats()).every(({ open }) => open === 0))
    expect(statsOf(pool).errors).toBe(0)
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
  })

  it('rejects with any reason and closes the connection, if it comes before the response', async () => {
    const { url, sockets, requests } = await startServer(() => undefined)
    const pool = startPool()
    const caller = new AbortController()
    const call = pool.fetch(url, { signal: caller.signal })
    await until(() => requests.length === 1)
    caller.abort('a string')
    await expect(call).rejects.toBe('a string')
    await until(() => sockets.size === 0)
    expect(statsOf(pool)).toMatchObject({ open: 0, errors: 0 })
  })

  it('fails the readers with the reason and frees the connection, if it comes during the body', async () => {
    const { url, sockets } = await startServer((_request, response) => response.write('begun'))
    const pool = startPool()
    const reason = new DOMException('never mind', 'AbortError')
    const readings = [
      (response: Response) => response.text(),
      async (response: Response) => {
        const reader = response.body?.getReader()
        await reader?.read()
        return reader?.read()
      },
      async (response: Response) => {
        for await (const chunk of response.body ?? []) expect(Buffer.from(chunk).toString()).toBe('begun')
      },
      (response: Response) => response.clone().text(),
    ]
    for (const read of readings) {
      const caller = new AbortController()
      const response = await pool.fetch(url, { signal: caller.signal })
      const reading = read(response)
      setTimeout(() => caller.abort(reason), 5)
      await expect(reading).rejects.toBe(reason)
      await until(() => sockets.size === 0)
      expect(getEventListeners(caller.signal, 'abort')).toEqual([])
    }
    await until(() => statsOf(pool).open === 0)
  })

  it('stops an upload and cancels its source', async () => {
    const { url, sockets } = await startServer((request) => request.resume())
    const caller = new AbortController()
    const cancelled = Promise.withResolvers<unknown>()
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('first')),
      cancel: (reason) => cancelled.resolve(reason),
    })
    const call = startPool().fetch(url, { method: 'POST', body, duplex: 'half', signal: caller.signal })
    await until(() => sockets.size === 1)
    caller.abort('enough')
    await expect(call).rejects.toBe('enough')
    expect(await cancelled.promise).toBe('enough')
    await until(() => sockets.size === 0)
  })

  it("leaves no listener on a caller's signal after 1,000 calls, however they end", async () => {
    const { url } = await startServer((request, response) => {
      if (request.url === '/cut') request.socket.destroy()
      else if (request.url === '/moved') response.writeHead(302, { location: '/' }).end()
      else response.end('ok')
    })
    const { fetch } = startPool({ connections: 16 })
    const caller = new AbortController()
    const call = async (index: number): Promise<void> => {
      const path = ['/', '/', '/cut', '/moved'][index % 4] ?? ''
      const response = await fetch(url + path, { signal: caller.signal })
      if (index % 3 === 0) await response.body?.cancel()
      else if (index % 3 === 1) await response.text()
    }
    await Promise.allSettled(Array.from({ length: 1_000 }, (_, index) => call(index)))
    await until(() => getEventListeners(caller.signal, 'abort').length === 0)
  })
})

describe('a body that is not read to its end', () => {
  it('releases its connection by cancel(), by leaving a loop and by return()', async () => {
    const { url, sockets } = await startServer((_request, response) => response.write('endless'))
    const pool = startPool()
    await (await pool.fetch(url)).body?.cancel()
    for await (const chunk of (await pool.fetch(url)).body ?? []) if ((chunk as Uint8Array).length > 0) break
    for await (const chunk of (await pool.fetch(url)).chunks()) if (chunk.length > 0) break
    const pending = (await pool.fetch(url)).chunks()
    await pending.next()
    const next = pending.next()
    await pending.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    await until(() => sockets.size === 0)
    expect(statsOf(pool)).toMatchObject({ busy: 0, errors: 0 })
  })

  it('keeps its connection open if it had ended', async () => {
    const server = await startServer(echo)
    const pool = startPool()
    for (let call = 0; call < 5; call++) {
      const response = await pool.fetch(server.url)
      await until(() => statsOf(pool).busy === 0)
      await response.body?.cancel()
    }
    expect(server.opened).toBe(1)
  })

  it('releases its connection after bodyIdleTimeoutMs, with one warning that contains the age of the request', async () => {
    const { url, sockets } = await startServer((_request, response) => response.end(Buffer.alloc(4_000_000)))
    const pool = startPool({ connections: 2, bodyIdleTimeoutMs: 30 })
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const abandoned = await Promise.all([pool.fetch(url), pool.fetch(url)])
    const third = await pool.fetch(url)
    expect((await third.bytes()).length).toBe(4_000_000)
    expect(emitWarning).toHaveBeenCalledTimes(1)
    expect(emitWarning.mock.calls[0]?.[0]).toMatch(
      /^The body of a response from http.*, requested \d+ s ago, is not read/,
    )
    emitWarning.mockRestore()
    await expect(abandoned[0].text()).rejects.toMatchObject({ cause: { code: 'UND_ERR_BODY_TIMEOUT' } })
    await until(() => sockets.size === 1)
  })
})

describe('a leaked body', () => {
  const bodies: [string, Handler][] = [
    ['larger than what is buffered', (_request, response) => response.end(Buffer.alloc(4_000_000))],
    ['trickling', (_request, response) => trickle(response)],
    ['only begun', (_request, response) => response.write('begun')],
    ['empty so far', (_request, response) => response.flushHeaders()],
  ]

  it.each(bodies)('keeps its connection until bodyIdleTimeoutMs, if it is %s', async (_name, handler) => {
    const { url } = await startServer(handler)
    const pool = startPool({ connections: 2, bodyIdleTimeoutMs: 60_000 })
    const leaked = await Promise.all([pool.fetch(url), pool.fetch(url)])
    expect(statsOf(pool)).toMatchObject({ busy: 2, abandoned: 0 })
    await Promise.all(leaked.map(async ({ body }) => body?.cancel()))
    await until(() => statsOf(pool).busy === 0)
    expect(statsOf(pool).abandoned).toBe(0)
  })

  it.each(bodies)(
    'releases its connection after bodyIdleTimeoutMs, and is counted, if it is %s',
    async (_name, handler) => {
      const { url } = await startServer(handler)
      const pool = startPool({ connections: 2, bodyIdleTimeoutMs: 40 })
      const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      onTestFinished(() => emitWarning.mockRestore())
      const leaked = await Promise.all([pool.fetch(url), pool.fetch(url)])
      expect((await pool.fetch(url)).status).toBe(200)
      expect(leaked.map(({ bodyUsed }) => bodyUsed)).toEqual([false, false])
      expect(statsOf(pool).abandoned).toBeGreaterThan(0)
      await until(() => statsOf(pool).busy === 0)
      expect(statsOf(pool).abandoned).toBe(3)
      expect(emitWarning).toHaveBeenCalledTimes(1)
    },
  )
})

/** Sends a byte every few milliseconds, until the connection is closed. */
function trickle(response: ServerResponse): void {
  const trickling = setInterval(() => response.write('.'), 5)
  response.on('close', () => clearInterval(trickling))
}

describe('a deadline', () => {
  it('does not exist by default: a slow response is waited for', async () => {
    const { url } = await startServer(async (_request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      response.end('late')
    })
    const pool = startPool({ bodyIdleTimeoutMs: 10 })
    expect(await (await pool.fetch(url)).text()).toBe('late')
  })

  it('is the deadlineMs of the request in place of headersTimeoutMs, longer or shorter', async () => {
    const { url } = await startServer((request, response) => {
      if (request.url === '/slow') setTimeout(() => response.end('late'), 60)
    })
    const pool = startPool({ headersTimeoutMs: 20 })
    expect(await (await pool.fetch(`${url}/slow`, { deadlineMs: 20_000 })).text()).toBe('late')
    const failing = pool.fetch(`${url}/never`)
    await expect(failing).rejects.toMatchObject({
      message: 'fetch failed',
      cause: { code: 'UND_ERR_HEADERS_TIMEOUT' },
    })
    await expect(pool.fetch(`${url}/never`, { deadlineMs: 10 })).rejects.toMatchObject({
      cause: { message: `No answer from ${url} within 10 ms` },
    })
    expect(statsOf(pool).errors).toBe(2)
  })

  it('includes the time in the queue', async () => {
    const { url, requests } = await startServer(() => undefined)
    const pool = startPool({ connections: 1 })
    const caller = new AbortController()
    const first = pool.fetch(url, { signal: caller.signal })
    await until(() => requests.length === 1)
    const waiting = pool.fetch(url, { deadlineMs: 20 })
    await expect(waiting).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } })
    expect(statsOf(pool).queued).toBe(0)
    caller.abort(new Error('done'))
    await expect(first).rejects.toThrow('done')
    expect(requests).toHaveLength(1)
  })

  it('applies to all redirects of a call together', async () => {
    const { url, requests } = await startServer((request, response) => {
      setTimeout(() => response.writeHead(307, { location: `${request.url ?? ''}x` }).end(), 15)
    })
    const failing = startPool().fetch(url, { deadlineMs: 40 })
    await expect(failing).rejects.toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } })
    expect(requests.length).toBeLessThan(5)
  })

  it('sends nothing if it has passed, and is unlimited if it is too long for a timer', async () => {
    const { url, requests } = await startServer(echo)
    const pool = startPool()
    await expect(pool.fetch(url, { deadlineMs: 0 })).rejects.toMatchObject({
      cause: { code: 'UND_ERR_HEADERS_TIMEOUT' },
    })
    expect(requests).toEqual([])
    for (const deadlineMs of [Infinity, 2 ** 40])
      expect((await pool.fetch(url, { deadlineMs })).status).toBe(200)
  })

  it('does not fail a response that waits in the socket of a blocked process', async () => {
    const server = await startServer((_request, response) => response.end('in time'))
    const pool = startPool()
    await (await pool.fetch(server.url)).text()
    const soon = setTimeout
    // The clock of the deadline stands still until the response is in the socket, however slow the machine is.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const call = pool.fetch(server.url, { deadlineMs: 50 })
    await once(server.server, 'request')
    soon(() => vi.advanceTimersByTime(50), 1)
    const until = performance.now() + 5
    while (performance.now() < until);
    expect(await (await call).text()).toBe('in time')
  })

  it('ends a body that makes no progress', async () => {
    const { url, sockets } = await startServer((_request, response) => response.write('begun'))
    const pool = startPool()
    const response = await pool.fetch(url, { bodyIdleTimeoutMs: 30 })
    await expect(response.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'UND_ERR_BODY_TIMEOUT' },
    })
    await until(() => sockets.size === 0)
  })
})
