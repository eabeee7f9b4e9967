import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { useSimulator } from '@harbor/simulator/vitest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const REPLY = 'Hello from the harbor, where the ships come in.'
const provider = useSimulator({ reply: REPLY })
const servers: Server[] = []
const urls: Record<string, string> = {}

beforeAll(async () => {
  process.env['OPENAI_API_KEY'] = 'simulated'
  process.env['OPENAI_BASE_URL'] = provider.baseURL
  const { POST, handle } = await import('../../examples/servers/ai-sdk.ts')
  const web = getRequestListener(POST)
  urls['a route handler'] = await listen(createServer((request, response) => void web(request, response)))
  urls["Node's HTTP"] = await listen(
    createServer((request, response) => {
      const parsed = bodyOf(request).then((body) => Object.assign(request, { body }))
      void parsed.then((request) => handle(request, response))
    }),
  )
})

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

/** What `express.json()` does. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString())
}

async function listen(server: Server): Promise<string> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

function post(name: string, signal?: AbortSignal): Promise<Response> {
  const messages = [{ id: '1', role: 'user', parts: [{ type: 'text', text: 'Say hello.' }] }]
  return fetch(urls[name] ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages }),
    ...(signal && { signal }),
  })
}

interface Part {
  type: string
  delta?: string
  errorText?: string
}

/** The events of a UI message stream. */
function partsOf(body: string): Part[] {
  const lines = body.split('\n').filter((line) => line.startsWith('data: {'))
  return lines.map((line) => JSON.parse(line.slice('data: '.length)) as Part)
}

describe.each(['a route handler', "Node's HTTP"])('a chat endpoint of the AI SDK in %s', (name) => {
  it('streams the whole answer, with nothing of Harbor in it', async () => {
    const response = await post(name)
    expect(response.status).toBe(200)
    const body = await response.text()
    const parts = partsOf(body)
    expect(parts.map(({ delta }) => delta ?? '').join('')).toBe(REPLY)
    expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
    const sent = JSON.stringify([body.replaceAll(REPLY, ''), ...response.headers]).toLowerCase()
    for (const word of ['receipt', 'attempt', 'x-harbor', 'openai/', 'labels', 'simulated'])
      expect(sent).not.toContain(word)
  })

  it('answers with the status of the provider when the call fails before its first content', async () => {
    provider.fail({ type: 'status', status: 400 })
    const response = await post(name)
    expect(response.status).toBe(400)
    expect(await response.text()).toBe('')
  })

  it('ends with an error, whose text is its own, when the stream breaks off after its first content', async () => {
    provider.fail({ type: 'stream-cut', afterEvents: 6 })
    const parts = partsOf(await (await post(name)).text())
    expect(parts).toContainEqual({ type: 'error', errorText: 'The answer broke off.' })
    expect(parts.at(-1)).not.toMatchObject({ finishReason: 'stop' })
  })

  it('aborts the request upstream when the client disconnects in the middle of the stream', async () => {
    provider.fail({ type: 'stream-stall', afterEvents: 6 })
    const client = new AbortController()
    const { body } = await post(name, client.signal)
    expect(await body?.getReader().read()).toMatchObject({ done: false })
    client.abort()
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1 })
  })

  it('aborts the request upstream when the client disconnects before the first content', async () => {
    provider.fail({ type: 'hang' })
    const client = new AbortController()
    const answer = post(name, client.signal)
    while (provider.counts().calls === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    client.abort()
    await expect(answer).rejects.toThrow()
    await provider.whenIdle()
    expect(provider.counts()).toMatchObject({ calls: 1, aborts: 1 })
  })
})
