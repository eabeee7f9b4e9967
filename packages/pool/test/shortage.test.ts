import type { LookupFunction } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startPool, statsOf } from './pool.ts'
import { echo, gate, startServer, until, type Echoed } from './server.ts'

const CODES = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'] as const

/** Resolves every name to this machine, as long as there are file descriptors left. */
function shortOf(code: string, sockets: number): { lookup: LookupFunction; left: number; asked: number } {
  const state = {
    left: sockets,
    asked: 0,
    lookup: ((_host, _options, done) => {
      state.asked++
      if (state.left-- > 0) done(null, [{ address: '127.0.0.1', family: 4 }])
      else done(Object.assign(new Error(`getaddrinfo ${code}`), { code, syscall: 'getaddrinfo' }), '')
    }) as LookupFunction,
  }
  return state
}

const hostOf = (url: string): string => url.replace('127.0.0.1', 'model.example')

describe('a process that can open no further connection', () => {
  it.each(CODES)('sends all requests over its open connections: %s', async (code) => {
    const server = await startServer(echo)
    const { lookup } = shortOf(code, 3)
    const pool = startPool({ tls: { lookup } })
    const url = hostOf(server.url)
    const calls = Array.from({ length: 50 }, async (_, call) => (await pool.fetch(`${url}/${call}`)).json())
    const answers = (await Promise.all(calls)) as Echoed[]
    expect(answers.map((answer) => answer.url)).toEqual(Array.from({ length: 50 }, (_, call) => `/${call}`))
    expect(server.opened).toBe(3)
    expect(statsOf(pool)).toMatchObject({ errors: 0, opened: 3, queued: 0 })
  })

  it('also sends bodies that can be read only once, since they were not read yet', async () => {
    const server = await startServer(echo)
    const pool = startPool({ tls: { lookup: shortOf('EMFILE', 1).lookup } })
    const post = async (body: string | ReadableStream): Promise<Echoed> =>
      (await (
        await pool.fetch(hostOf(server.url), { method: 'POST', body, duplex: 'half' })
      ).json()) as Echoed
    const bodies = ['one', new Blob(['two']).stream(), new Blob(['three']).stream()]
    expect((await Promise.all(bodies.map(post))).map(({ body }) => body)).toEqual(['one', 'two', 'three'])
  })

  it('reports what it lacks if it has no connection at all', async () => {
    const server = await startServer(echo)
    const pool = startPool({ tls: { lookup: shortOf('EMFILE', 0).lookup } })
    const calls = [1, 2, 3].map((call) => pool.fetch(`${hostOf(server.url)}/${call}`))
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        message: 'fetch failed',
        cause: { code: 'EMFILE' },
        advice: expect.stringContaining('ulimit -n') as string,
      })
    }
    expect(server.requests).toEqual([])
  })

  it('tries again after a while', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { handler, open, waiting } = gate()
    const server = await startServer(handler)
    const short = shortOf('EMFILE', 1)
    const pool = startPool({ tls: { lookup: short.lookup }, connections: 4 })
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    const turnsUntil = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await turn()
    }
    const calls = [1, 2].map(async (call) => (await pool.fetch(`${hostOf(server.url)}/${call}`)).text())
    await turnsUntil(() => waiting() === 1 && short.asked === 2)
    vi.advanceTimersByTime(999)
    await turn()
    expect(short.asked).toBe(2)
    short.left = 1
    vi.advanceTimersByTime(1)
    await turnsUntil(() => waiting() === 2)
    expect(short.asked).toBe(3)
    open()
    await Promise.all(calls)
  })

  it('lets a caller abort that waits for a connection', async () => {
    const { handler, open } = gate()
    const server = await startServer(handler)
    const short = shortOf('EMFILE', 1)
    const pool = startPool({ tls: { lookup: short.lookup } })
    const first = pool.fetch(hostOf(server.url))
    const leave = new AbortController()
    const second = pool.fetch(hostOf(server.url), { signal: leave.signal })
    await until(() => short.asked === 2 && statsOf(pool).queued === 1)
    leave.abort(new Error('The caller left.'))
    await expect(second).rejects.toThrow('The caller left.')
    expect(statsOf(pool).queued).toBe(0)
    open()
    expect(await (await first).text()).toBe('ok')
  })

  it('rejects a request that waits for longer than queueTimeoutMs', async () => {
    const { handler, open } = gate()
    const server = await startServer(handler)
    const pool = startPool({ tls: { lookup: shortOf('EMFILE', 1).lookup }, queueTimeoutMs: 30 })
    const first = pool.fetch(hostOf(server.url))
    await expect(pool.fetch(hostOf(server.url))).rejects.toMatchObject({ code: 'queue_timeout' })
    open()
    expect(await (await first).text()).toBe('ok')
  })
})
