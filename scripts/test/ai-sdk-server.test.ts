import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOpenAI } from '@ai-sdk/openai'
import { createHarborFetch } from '@harbor/core'
import { useProviders } from '@harbor/simulator/vitest'
import { getRequestListener } from '@hono/node-server'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const REPLY = 'Hello from the harbor, where the ships come in.'
const OTHER_REPLY = 'Another harbor answers, and this is all of it.'
const { openai, anthropic } = useProviders({ openai: { reply: REPLY }, anthropic: { reply: OTHER_REPLY } })
const servers: Server[] = []
const urls = new Map<string, string>()
/** What a server failed to handle, which would end its process or a request. */
const unhandled: unknown[] = []
const fetchOfHarbor = createHarborFetch()

const WEB = 'a route handler'
const NODE = "Node's HTTP"
const FALLBACK = 'a model of two vendors'
const OVER_FETCH = 'a provider over createHarborFetch'
const SERVERS = [FALLBACK, OVER_FETCH].flatMap((model) =>
  [WEB, NODE].map((server) => [model, server] as const),
)

beforeAll(async () => {
  process.env['OPENAI_API_KEY'] = 'simulated'
  process.env['ANTHROPIC_API_KEY'] = 'simulated'
  process.env['OPENAI_BASE_URL'] = openai.baseURL
  process.env['ANTHROPIC_BASE_URL'] = anthropic.baseURL
  const recipe = await import('../../examples/servers/ai-sdk.ts')
  await listenBoth(FALLBACK, recipe)
  const provider = createOpenAI({ fetch: fetchOfHarbor, baseURL: openai.baseURL, apiKey: 'simulated' })
  await listenBoth(OVER_FETCH, recipe.endpoints(provider('gpt-4.1-mini')))
})

beforeEach(() => {
  unhandled.length = 0
})

afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  await fetchOfHarbor.close()
})

type Recipe = typeof import('../../examples/servers/ai-sdk.ts')

async function listenBoth(model: string, { POST, handle }: Pick<Recipe, 'POST' | 'handle'>): Promise<void> {
  const web = getRequestListener(POST)
  await listen(`${model} in ${WEB}`, (request, response) => {
    web(request, response).catch((error: unknown) => unhandled.push(error))
  })
  await listen(`${model} in ${NODE}`, (request, response) => {
    bodyOf(request)
      .then((body) => handle(Object.assign(request, { body }), response))
      .catch((error: unknown) => unhandled.push(error))
  })
}

/** What `express.json()` does. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString())
}

async function listen(name: string, listener: Parameters<typeof createServer>[1]): Promise<void> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  urls.set(name, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
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

const textOf = (parts: readonly Part[]): string => parts.map(({ delta }) => delta ?? '').join('')

function post(name: string, signal?: AbortSignal): Promise<Response> {
  const messages = [{ id: '1', role: 'user', parts: [{ type: 'text', text: 'Say hello.' }] }]
  return fetch(urls.get(name) ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages }),
    ...(signal && { signal }),
  })
}

describe.each(SERVERS)('a chat endpoint of the AI SDK with %s in %s', (model, server) => {
  const name = `${model} in ${server}`

  it('streams the whole answer, with nothing of Harbor in it', async () => {
    const response = await post(name)
    expect(response.status).toBe(200)
    const parts = partsOf(await response.text())
    expect(textOf(parts)).toBe(REPLY)
    expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
    const sent = JSON.stringify([parts.filter(({ delta }) => !delta), ...response.headers]).toLowerCase()
    for (const word of ['receipt', 'attempt', 'harbor', 'openai/', 'labels', 'simulated', 'upstream'])
      expect(sent).not.toContain(word)
  })

  it('answers with the status of the provider when the call fails before its first content', async () => {
    openai.fail({ type: 'status', status: 400 })
    const response = await post(name)
    expect(response.status).toBe(400)
    expect(await response.text()).toBe('')
  })

  it('ends with an error, whose text is its own, when the stream breaks off after its first content', async () => {
    openai.fail({ type: 'stream-cut', afterEvents: 6 })
    const parts = partsOf(await (await post(name)).text())
    expect(parts).toContainEqual({ type: 'error', errorText: 'The answer broke off.' })
    expect(parts.at(-1)).not.toMatchObject({ finishReason: 'stop' })
    expect(textOf(parts)).not.toBe('')
    expect(unhandled).toEqual([])
  })

  it('aborts the request upstream when the client disconnects in the middle of the stream', async () => {
    openai.fail({ type: 'stream-stall', afterEvents: 6 })
    const client = new AbortController()
    const { body } = await post(name, client.signal)
    expect(await body?.getReader().read()).toMatchObject({ done: false })
    client.abort()
    await openai.whenIdle()
    expect(openai.counts()).toMatchObject({ calls: 1, aborts: 1 })
    expect(unhandled).toEqual([])
  })

  it('aborts the request upstream when the client disconnects before the first content', async () => {
    openai.fail({ type: 'hang' })
    const client = new AbortController()
    const answer = post(name, client.signal)
    while (openai.counts().calls === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    client.abort()
    await expect(answer).rejects.toThrow()
    await openai.whenIdle()
    expect(openai.counts()).toMatchObject({ calls: 1, aborts: 1 })
    expect(anthropic.counts().calls).toBe(0)
  })
})

describe.each([WEB, NODE])(
  `a chat endpoint of the AI SDK with ${FALLBACK} in %s, while the first is down`,
  (server) => {
    it.each([
      ['refuses the call', { type: 'status', status: 503 }],
      ['cuts its stream off before the first content', { type: 'stream-cut', afterEvents: 0 }],
    ] as const)('streams the whole answer of the second when the first %s', async (_, fault) => {
      openai.fail(fault, fault)
      const response = await post(`${FALLBACK} in ${server}`)
      const parts = partsOf(await response.text())
      expect(textOf(parts)).toBe(OTHER_REPLY)
      expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
      expect(parts).not.toContainEqual(expect.objectContaining({ type: 'error' }))
      expect(anthropic.counts().calls).toBe(1)
    })
  },
)
