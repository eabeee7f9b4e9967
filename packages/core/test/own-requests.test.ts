import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Harbor, HarborOptions } from '../src/index.ts'
import { harborFor, HELLO } from './helpers/harbor-for.ts'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

async function start(answer: RequestListener): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    request.resume()
    seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers })
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

const CHOICE = { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }

/** A provider behind a proxy that is down at first, and a server at its address without the proxy. */
async function behindProxy(): Promise<{
  baseURL: string
  dispatcher: Agent
  proxied: Seen[]
  direct: Seen[]
  recover: () => void
}> {
  let down = true
  const provider = await start((request, response) => {
    response.writeHead(down ? 503 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(request.method === 'GET' ? { data: [] } : { choices: [CHOICE] }))
  })
  const firewall = await start((_, response) => response.writeHead(200).end('{}'))
  const dispatcher = new Agent({
    connect: (_options, done) => {
      const socket = net.connect(provider.port, '127.0.0.1', () => done(null, socket))
      socket.on('error', (error) => done(error, null))
    },
  })
  onTestFinished(() => dispatcher.destroy())
  return {
    baseURL: `http://127.0.0.1:${firewall.port}/v1`,
    dispatcher,
    proxied: provider.seen,
    direct: firewall.seen,
    recover: () => (down = false),
  }
}

async function failUntilOpen(harbor: Harbor): Promise<void> {
  for (let call = 0; call < 20; call++) await harbor.chat.completions.create(HELLO).catch(() => undefined)
  expect(harbor.stats().targets['openai/gpt-4']?.state).toBe('open')
}

const CHECKED = { health: { checkIntervalMs: 15 }, maxRetries: 0, breaker: { openForMs: 60_000 } } as const

describe("Harbor's own requests", () => {
  const ways: readonly (readonly [string, (dispatcher: Agent) => HarborOptions])[] = [
    ['a dispatcher of the client', (dispatcher) => ({ fetchOptions: { dispatcher } })],
    [
      "a fetch of the caller's own",
      (dispatcher) => ({
        fetch: async (input, init) => {
          const { fetch } = await import('undici')
          return fetch(input as string, { ...(init as object), dispatcher })
        },
      }),
    ],
  ]

  it.each(ways)('are sent as the calls are: health checks, through %s', async (_way, options) => {
    const { baseURL, dispatcher, proxied, direct, recover } = await behindProxy()
    const harbor = harborFor(
      { baseURL },
      {
        ...CHECKED,
        ...options(dispatcher),
        defaultHeaders: { 'x-gateway-key': 'secret' },
        defaultQuery: { code: 'abc' },
      },
    )
    await failUntilOpen(harbor)
    recover()
    await expect.poll(() => harbor.stats().targets['openai/gpt-4']?.state).toBe('half-open')
    const checks = proxied.filter(({ method }) => method === 'GET')
    expect(checks[0]).toMatchObject({
      path: '/v1/models?code=abc',
      headers: { authorization: 'Bearer test-key', 'x-gateway-key': 'secret' },
    })
    expect(direct).toEqual([])
    expect((await harbor.chat.completions.create(HELLO)).choices[0]?.message.content).toBe('Hello.')
  })

  it('are sent as the calls are: health checks, through the dispatcher of the call that failed', async () => {
    const { baseURL, dispatcher, proxied, direct } = await behindProxy()
    const harbor = harborFor({ baseURL }, CHECKED)
    const fetchOptions = { dispatcher } as object
    for (let call = 0; call < 20; call++) {
      await harbor.chat.completions.create(HELLO, { fetchOptions }).catch(() => undefined)
    }
    await expect.poll(() => proxied.filter(({ method }) => method === 'GET').length).toBeGreaterThan(0)
    expect(direct).toEqual([])
  })

  it('do not show a query, which may contain a key, when a health check fails', async () => {
    const { baseURL, dispatcher, proxied } = await behindProxy()
    const harbor = harborFor(
      { baseURL },
      {
        ...CHECKED,
        fetchOptions: { dispatcher } as object,
        defaultQuery: { key: 'secret' },
      },
    )
    await failUntilOpen(harbor)
    await expect.poll(() => proxied.filter(({ method }) => method === 'GET').length).toBeGreaterThan(1)
    expect(JSON.stringify(harbor.stats().targets)).not.toContain('secret')
    expect(harbor.stats().targets['openai/gpt-4']?.lastFailure).toMatch(/^GET .*\/v1\/models answered 503/)
  })

  it('do not batch embeddings of different dispatchers', async () => {
    const { baseURL, dispatcher, proxied, direct } = await behindProxy()
    const harbor = harborFor({ baseURL }, { embeddingBatch: { maxWaitMs: 5 }, maxRetries: 0 })
    const embed = (input: string, fetchOptions: object): Promise<unknown> =>
      harbor.embeddings.create({ model: 'e', input }, { fetchOptions }).catch(() => undefined)
    await Promise.all([embed('one', {}), embed('two', { dispatcher }), embed('three', { dispatcher })])
    expect([proxied.length, direct.length > 0]).toEqual([1, true])
  })

  it('are sent as the calls are: bulk runs and prefetches, through a dispatcher of the client', async () => {
    const { baseURL, dispatcher, proxied, direct, recover } = await behindProxy()
    recover()
    const harbor = harborFor(
      { baseURL },
      { fetchOptions: { dispatcher } as object, cache: { when: 'always' } },
    )
    for await (const result of harbor.bulk([{ body: HELLO }])) expect(result.ok).toBe(true)
    await harbor.prefetch([{ body: { ...HELLO, model: 'gpt-5' } }])
    expect([proxied.length, direct.length]).toEqual([2, 0])
  })
})
