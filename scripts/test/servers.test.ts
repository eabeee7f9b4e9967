import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { startSimulator, type Simulator } from '@harbor/simulator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const REPLY = 'Hello from the harbor, where the ships come in.'
let simulator: Simulator
const servers: Server[] = []
const urls: Record<string, string> = {}
const shutDown: Record<string, (server: Server) => Promise<void>> = {}

beforeAll(async () => {
  simulator = await startSimulator({ providers: { openai: { reply: REPLY } } })
  process.env['OPENAI_API_KEY'] = 'simulated'
  process.env['OPENAI_BASE_URL'] = simulator.provider().baseURL
  const before = process.listeners('SIGTERM')
  const [express, hono, next] = await Promise.all([
    import('../../examples/servers/express.ts'),
    import('../../examples/servers/hono.ts'),
    import('../../examples/servers/next-route.ts'),
  ])
  const [closeNext] = process.listeners('SIGTERM').filter((listener) => !before.includes(listener))
  shutDown['Express'] = express.shutDown
  shutDown['Hono'] = hono.shutDown
  shutDown['a Next.js route'] = async (server) => {
    server.close()
    await Promise.resolve(closeNext?.('SIGTERM'))
  }
  urls['Express'] = await listen(createServer(express.app as unknown as Parameters<typeof createServer>[1]))
  urls['Hono'] = await listen(webServer(hono.app.fetch))
  urls['a Next.js route'] = await listen(webServer(next.POST))
})

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await simulator.close()
})

/** A server of `Request` and `Response` over Node's HTTP. */
function webServer(handle: (request: Request) => Response | Promise<Response>): Server {
  const listener = getRequestListener(handle)
  return createServer((request, response) => void listener(request, response))
}

async function listen(server: Server): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat`
}

function post(name: string, signal?: AbortSignal): Promise<Response> {
  return fetch(urls[name] ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'Say hello.' }),
    ...(signal && { signal }),
  })
}

/** The text in what each of the servers sends: plain text, a JSON chunk for each line, or events. */
function textIn(body: string): string {
  if (body.startsWith('data: ')) {
    const events = body.split('\n\n').map((event) => event.slice('data: '.length))
    return events
      .map((data) => (data === '' || data === '[DONE]' ? '' : (JSON.parse(data) as string)))
      .join('')
  }
  if (!body.startsWith('{')) return body
  const lines = body.trim().split('\n')
  return lines
    .map(
      (line) =>
        (JSON.parse(line) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '',
    )
    .join('')
}

describe.each(['Express', 'Hono', 'a Next.js route'])('a chat endpoint in %s', (name) => {
  it('streams the whole answer', async () => {
    const response = await post(name)
    expect(response.status).toBe(200)
    expect(textIn(await response.text())).toBe(REPLY)
  })

  it('answers with the status of the provider when the call fails', async () => {
    simulator.provider().fail({ type: 'status', status: 400 })
    const response = await post(name)
    expect(response.status).toBe(400)
  })

  it('aborts the request upstream when the client disconnects in the middle of the stream', async () => {
    const provider = simulator.provider()
    provider.reset()
    provider.fail({ type: 'stream-stall', afterEvents: 4 })
    const client = new AbortController()
    const { body } = await post(name, client.signal)
    const reader = body?.getReader()
    expect(await reader?.read()).toMatchObject({ done: false })
    client.abort()
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1 })
  })

  it('aborts the request upstream when the client disconnects before the first content', async () => {
    const provider = simulator.provider()
    provider.reset()
    provider.fail({ type: 'hang' })
    const client = new AbortController()
    const answer = post(name, client.signal)
    while (provider.counts().calls === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    client.abort()
    await expect(answer).rejects.toThrow()
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1 })
  })

  it('breaks its own response off when the stream is cut off, so that it is not taken for complete', async () => {
    simulator.provider().fail({ type: 'stream-cut', afterEvents: 4 })
    const response = await post(name)
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
  })
})

describe.each(['Express', 'Hono', 'a Next.js route'])('a server in %s that shuts down', (name) => {
  it('lets a stream finish that a client is reading, and sends nothing more to the provider', async () => {
    const provider = simulator.provider()
    provider.reset()
    provider.script({ reply: REPLY, tokenMs: 20 })
    const server = servers[Object.keys(urls).indexOf(name)]
    if (!server) throw new Error(`There is no server of ${name}`)
    const response = await post(name)
    const closing = shutDown[name]?.(server)
    expect(textIn(await response.text())).toBe(REPLY)
    await closing
    expect(await statusOrRefused(name)).not.toBe(200)
    expect(provider.counts().calls).toBe(1)
  })
})

/** The status of another call; 0 if the server accepts no more connections. */
async function statusOrRefused(name: string): Promise<number> {
  return post(name).then(
    ({ status }) => status,
    () => 0,
  )
}
