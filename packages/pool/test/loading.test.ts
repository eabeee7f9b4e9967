import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPool, PoolClosedError } from '../src/index.ts'
import { startPool, statsOf } from './pool.ts'
import { echo, gate, startServer, until } from './server.ts'

interface Told {
  imported: boolean
  created: boolean
  used: boolean
  failure: object
}

async function inProcess(...args: string[]): Promise<Told> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'fixtures/loading.ts'),
    ...args,
  ])
  return JSON.parse(stdout) as Told
}

describe('undici', () => {
  it('is loaded when a pool is created, not on import, and does not keep the process alive', async () => {
    expect(await inProcess()).toMatchObject({
      imported: false,
      created: false,
      used: true,
      failure: { origin: 'http://127.0.0.1:9' },
    })
  })

  it('fails every request, with advice, if it cannot be loaded', async () => {
    expect(await inProcess('without undici')).toMatchObject({
      used: false,
      failure: {
        origin: 'http://127.0.0.1:9',
        advice: expect.stringContaining('Install the dependencies of @harbor/pool again.') as unknown,
      },
    })
  })
})

describe('a request before undici is loaded', () => {
  it('waits and is counted, and 100 of them respect `connections` and their order', async () => {
    const server = await startServer(echo)
    const pool = startPool({ connections: 1 })
    const calls = Array.from({ length: 100 }, async (_, call) =>
      (await pool.fetch(`${server.url}/${call}`)).text(),
    )
    await Promise.resolve()
    expect(statsOf(pool)).toMatchObject({ queued: 100, open: 0, connecting: 0, allowed: 1 })
    await Promise.all(calls)
    expect(statsOf(pool)).toMatchObject({ queued: 0, requests: 100, opened: 1 })
    expect(server.requests).toEqual(Array.from({ length: 100 }, (_, call) => `GET /${call}`))
  })

  it('rejects at once with the reason and is never sent, if it is aborted', async () => {
    const server = await startServer(echo)
    const pool = startPool()
    const caller = new AbortController()
    const reason = new Error('never mind')
    const call = pool.fetch(server.url, { signal: caller.signal })
    await Promise.resolve()
    caller.abort(reason)
    let settled = false
    call.catch(() => (settled = true))
    await new Promise(process.nextTick)
    expect(settled).toBe(true)
    await expect(call).rejects.toBe(reason)
    expect(getEventListeners(caller.signal, 'abort')).toEqual([])
    expect(statsOf(pool)).toMatchObject({ queued: 0, errors: 0 })
    await pool.warm([])
    expect(server.requests).toEqual([])
  })

  it('is finished by close(), which refuses later ones, also if none waits', async () => {
    const { handler, open, waiting } = gate()
    const { url } = await startServer(handler)
    const pool = createPool()
    const calls = [1, 2, 3].map(async () => (await pool.fetch(url)).text())
    await Promise.resolve()
    const closed = pool.close()
    await expect(pool.fetch(url)).rejects.toSatisfy(PoolClosedError.is)
    await until(() => waiting() === 3)
    open()
    expect(await Promise.all(calls)).toEqual(['ok', 'ok', 'ok'])
    await closed
    await createPool().close()
  })

  it('of warm() opens the connections; without origins warm() waits until undici is loaded', async () => {
    const { url } = await startServer(echo)
    const pool = startPool()
    await pool.warm([url], { connections: 3 })
    expect(statsOf(pool)).toMatchObject({ open: 3 })
    const other = startPool()
    const early = other.dispatcher
    await other.warm([])
    expect(other.dispatcher).not.toBe(early)
  })

  it('sends a form as it was when the call was made, also by specFetch', async () => {
    const { url } = await startServer(echo)
    const body = new FormData()
    body.append('name', 'value')
    const calls = [startPool().fetch, startPool().specFetch].map((fetch) =>
      fetch(url, { method: 'POST', body }),
    )
    body.append('name', 'too late')
    for (const response of await Promise.all(calls)) {
      const text = await response.text()
      expect(text).toContain('value')
      expect(text).not.toContain('too late')
    }
  })

  it('is sent in the async context of its caller', async () => {
    const { url } = await startServer(echo)
    const { fetch } = startPool()
    const caller = new AsyncLocalStorage<string>()
    const heard: unknown[] = []
    const onCreate = (message: unknown): void => {
      const { request } = message as { request: { origin: string; path: string } }
      if (request.origin === url) heard.push([request.path, caller.getStore()])
    }
    subscribe('undici:request:create', onCreate)
    onTestFinished(() => void unsubscribe('undici:request:create', onCreate))
    await Promise.all(['one', 'two'].map((name) => caller.run(name, () => fetch(`${url}/${name}`))))
    expect(heard).toEqual([
      ['/one', 'one'],
      ['/two', 'two'],
    ])
  })
})
