import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { devtoolsHandler, openDevtools, type DevtoolsHandler, type DevtoolsOptions } from '../src/index.ts'
import { question, useClients } from './page.ts'

const { client, open } = useClients()

/** Serves a handler below /admin/harbor, beside an application. */
async function serve(handler: DevtoolsHandler): Promise<string> {
  const server = createHttpServer((request, response) => {
    if (request.url?.startsWith('/admin/harbor')) handler(request, response)
    else response.end('the application')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    handler.close()
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/harbor`
}

/** Reads a stream of events until a text has come. */
async function readUntil(response: Response, text: string): Promise<string> {
  const decoder = new TextDecoder()
  let read = ''
  for await (const chunk of response.body ?? []) {
    read += decoder.decode(chunk as Uint8Array, { stream: true })
    if (read.includes(text)) break
  }
  return read
}

describe('devtoolsHandler', () => {
  it('serves the page at any path of a server, with its token', async () => {
    const harbor = client()
    const url = await serve(devtoolsHandler(harbor, { token: 'secret' }))
    for (const path of ['', '/', '/events', '/content?id=x'])
      expect((await fetch(url + path)).status).toBe(401)
    expect(await (await fetch(`${url}?token=secret`)).text()).toContain('<title>Harbor</title>')
    const headers = { authorization: 'Bearer secret' }
    const events = await fetch(`${url}/events`, { headers })
    await harbor.chat.completions.create(question())
    expect(await readUntil(events, '"outcome":"success"')).toContain('"outcome":"success"')
  })

  it('answers without a token only what comes from its own machine, and not by a proxy', async () => {
    const url = await serve(devtoolsHandler(client()))
    expect((await fetch(url)).status).toBe(200)
    for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip'])
      expect((await fetch(url, { headers: { [name]: '192.0.2.1' } })).status).toBe(403)
  })

  it('answers requests of servers that use fetch, which needs a token', async () => {
    const harbor = client()
    const handler = devtoolsHandler(harbor, { token: 'secret', hosts: ['app.example'] })
    onTestFinished(() => handler.close())
    const at = (path: string) => handler.fetch(new Request(`https://app.example/harbor${path}`))
    expect((await at('')).status).toBe(401)
    expect((await at('?token=secret')).headers.get('content-type')).toBe('text/html; charset=utf-8')
    const events = await at('/events?token=secret')
    await harbor.chat.completions.create(question())
    expect(await readUntil(events, '"outcome":"success"')).toContain('"outcome":"success"')
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"client":0,"request":{"model":"m"}}',
    }
    const explained = await handler.fetch(new Request('https://app.example/explain?token=secret', request))
    expect(await explained.json()).toMatchObject({ targets: [{ name: 'openai/m' }] })
    const unknown = devtoolsHandler(harbor)
    onTestFinished(() => unknown.close())
    expect((await unknown.fetch(new Request('http://localhost/'))).status).toBe(403)
  })

  it('ends its pages when it is closed, and hears no more calls', async () => {
    const harbor = client()
    const handler = devtoolsHandler(harbor)
    const url = await serve(handler)
    const events = await fetch(`${url}/events`)
    await harbor.chat.completions.create(question())
    handler.close()
    expect(await events.text()).toMatch(/"outcome":"success"[\s\S]*event: closed\ndata: \{\}\n\n$/)
    await harbor.chat.completions.create(question())
    const read = await readUntil(await fetch(`${url}/events`), '\n\n')
    expect(read.match(/"outcome":"success"/g)).toHaveLength(1)
  })

  it('replaces the oldest of five open pages by a sixth', async () => {
    const handler = devtoolsHandler(client())
    const url = await serve(handler)
    const pages = []
    for (let page = 0; page < 6; page++) pages.push(await fetch(`${url}/events`))
    expect(await pages[0]?.text()).toMatch(/event: replaced\ndata: \{\}\n\n$/)
    handler.close()
    expect(await pages[1]?.text()).toMatch(/event: closed\ndata: \{\}\n\n$/)
  })
})

describe('openDevtools', () => {
  it('refuses what makes no sense', async () => {
    const harbor = client()
    for (const [options, message] of [
      [{ port: -1 }, 'port must be a port from 0 to 65535, got -1'],
      [{ port: 1.5 }, 'port must be'],
      [{ host: '' }, 'host must be'],
      [{ hosts: ['a:1'] }, 'hosts must be a list of host names without ports'],
      [{ name: '' }, 'name must be'],
      [{ prot: 1 }, 'unknown option prot; did you mean port'],
    ] as [DevtoolsOptions, string][])
      await expect(openDevtools(harbor, options)).rejects.toThrow(message)
    await expect(openDevtools([])).rejects.toThrow('harbor must be a client or a list of clients')
    await expect(openDevtools({} as never)).rejects.toThrow('harbor must be a Harbor client')
  })

  it('uses the given port, and rejects where it is in use', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    await expect(openDevtools(client(), { port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    free.close()
    await once(free, 'close')
    const page = await open(client(), { port })
    expect(page.url).toBe(`http://127.0.0.1:${port}/`)
  })

  it('shows the calls of several clients, each by its host, and two pages of one client', async () => {
    const [one, other] = [client(), client()]
    const [both, first] = [await open([one, other]), await open(one)]
    await one.chat.completions.create(question())
    await other.chat.completions.create(question())
    const readAll = async (url: string): Promise<string> => readUntil(await fetch(`${url}events`), '\n\n')
    expect(await readAll(both.url)).toMatch(
      /"name":"1 127\.0\.0\.1:\d+".*"name":"2 127.*"client":0,.*"client":1,/s,
    )
    expect((await readAll(first.url)).match(/"outcome":"success"/g)).toHaveLength(1)
  })

  it('closes twice in the same way, and frees its port', async () => {
    const page = await openDevtools(client())
    const events = await fetch(`${page.url}events`)
    expect(page.close()).toBe(page.close())
    await page.close()
    expect(await events.text()).toMatch(/event: closed/)
    await expect(fetch(page.url)).rejects.toThrow()
  })
})
