import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { perCall, receiptOf, type HarborFetchOptions, type PerCallOptions } from '../src/index.ts'
import { chunk } from './gemini/gemini-client.ts'
import { MESSAGE, QUESTION } from './helpers/anthropic.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { CHAT_ANSWER, sendJson, serve, type TestServer, type UpstreamRequest } from './helpers/http-server.ts'
import { hello, serveByKey } from './helpers/key-server.ts'

/** A server of two providers, of which the paths of the second one begin with `/backup`. Whatever `isDown` selects, fails. */
async function servePair(): Promise<{
  server: TestServer
  down: Set<string>
  targets: () => string[]
}> {
  const down = new Set<string>()
  const sideOf = ({ path }: UpstreamRequest): string => (path.startsWith('/backup') ? 'backup' : 'first')
  const server = await serve((request, response) => {
    if (down.has(sideOf(request))) sendJson(response, { error: { message: 'Down.', type: 'api_error' } }, 500)
    else if (request.path.includes('/messages')) sendJson(response, MESSAGE)
    else sendJson(response, request.path.includes(':generateContent') ? chunk('Hi', 'STOP') : CHAT_ANSWER)
  })
  return { server, down, targets: () => server.requests.map(sideOf) }
}

describe('a conversation of another protocol', () => {
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
  const gemini = '/v1beta/models/m:generateContent'
  const user = { ...QUESTION, metadata: { user_id: 'u' } }

  it.each<[string, string, object, object, PerCallOptions, PerCallOptions]>([
    ['the user_id of Anthropic', '/v1/messages', user, { ...user, metadata: { user_id: 'v' } }, {}, {}],
    [
      'with({ session }), at Anthropic',
      '/v1/messages',
      QUESTION,
      QUESTION,
      { session: 's' },
      { session: 't' },
    ],
    ['with({ session }), at Google', gemini, { contents }, { contents }, { session: 's' }, { session: 't' }],
  ])('stays with its target, named by %s', async (_what, path, body, other, session, another) => {
    const { server, down, targets } = await servePair()
    const root = `${server.origin}/backup`
    const harborFetch = harborFetchFor({
      maxRetries: 0,
      providers: {
        backup: { apiKey: 'b', endpoints: { 'anthropic-messages': root, 'gemini-generate': root } },
      },
      fallback: ['backup/m'],
    })
    const send = async (json: object, options: PerCallOptions): Promise<void> => {
      const init = { method: 'POST', headers: { authorization: 'Bearer one' }, body: JSON.stringify(json) }
      await (await harborFetch.with(options)(server.origin + path, init)).text()
    }
    down.add('first')
    await send(body, session)
    down.clear()
    await send(body, session)
    await send(other, another)
    await send(body, session)
    expect(targets()).toEqual(['first', 'backup', 'backup', 'first', 'backup'])
  })
})

describe('the target of a conversation', () => {
  const options = (server: TestServer, more: HarborFetchOptions = {}) => ({
    apiKey: 'first',
    maxRetries: 0,
    providers: { backup: { apiKey: 'backup', baseURL: server.baseURL } },
    fallback: ['backup/gpt-4'],
    ...more,
  })

  it('is the one that won a hedge', async () => {
    onTestFinished(timeInTurns())
    let slow = true
    const server = await serve(({ headers }, response) => {
      if (!(slow && headers.authorization === 'Bearer first')) sendJson(response, CHAT_ANSWER)
    })
    const harbor = harborFor(server, options(server, { hedge: { afterMs: 20, maxExtraRatio: 1 } }))
    await harbor.chat.completions.create(hello('gpt-4'), perCall({ session: 's' }))
    slow = false
    const answer = await harbor.chat.completions.create(hello('gpt-4'), perCall({ session: 's' }))
    expect(receiptOf(answer)).toMatchObject({
      target: 'backup/gpt-4',
      attempts: [{ target: 'backup/gpt-4' }],
    })
  })

  it('is the one that answered with a stream', async () => {
    const server = await serve(({ headers }, response) => {
      if (headers.authorization === 'Bearer first' && down) sendJson(response, { error: {} }, 500)
      else {
        const delta = {
          id: 'c',
          object: 'chat.completion.chunk',
          choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
        }
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(`data: ${JSON.stringify(delta)}\n\ndata: [DONE]\n\n`)
      }
    })
    let down = true
    const harbor = harborFor(server, options(server))
    const targets: unknown[] = []
    for (let call = 0; call < 2; call++) {
      const stream = await harbor.chat.completions.create(
        { ...hello('gpt-4'), stream: true },
        perCall({ session: 's' }),
      )
      for await (const _chunk of stream);
      targets.push(receiptOf(stream)?.target)
      down = false
    }
    expect(targets).toEqual(['backup/gpt-4', 'backup/gpt-4'])
  })

  it('is not changed by a cached answer or by a last resort', async () => {
    const server = await serveByKey()
    const harbor = harborFor(server, options(server, { cache: true, lastResort: () => 'Later.' }))
    const ask = (more: object = {}) =>
      harbor.chat.completions.create(hello('gpt-4', { temperature: 0, ...more }), perCall({ session: 's' }))
    expect(receiptOf(await ask())?.target).toBe('openai/gpt-4')
    server.answers['first'] = 500
    expect(receiptOf(await ask({ seed: 0 }))?.target).toBe('backup/gpt-4')
    server.answers['first'] = 200
    expect(receiptOf(await ask())?.cache?.status).toBe('hit')
    expect(receiptOf(await ask({ seed: 1 }))?.target).toBe('backup/gpt-4')
    Object.assign(server.answers, { first: 500, backup: 500 })
    expect(receiptOf(await ask({ seed: 2 }))?.target).toBe('last resort')
    Object.assign(server.answers, { first: 200, backup: 200 })
    expect(receiptOf(await ask({ seed: 3 }))?.target).toBe('backup/gpt-4')
  })

  it('is left while it cannot serve the request, and kept for those that it can serve', async () => {
    const server = await serveByKey({ first: 500 })
    const harbor = harborFor(
      server,
      options(server, { models: { 'backup/gpt-4': { capabilities: ['stream'] } } }),
    )
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }]
    const ask = async (more: object = {}) =>
      receiptOf(await harbor.chat.completions.create(hello('gpt-4', more), perCall({ session: 's' })))?.target
    expect(await ask()).toBe('backup/gpt-4')
    server.answers['first'] = 200
    expect(harbor.explain(hello('gpt-4', { tools }), { session: 's' }).targets[0]).toMatchObject({
      name: 'openai/gpt-4',
    })
    expect(await ask({ tools })).toBe('openai/gpt-4')
  })

  it('is forgotten an hour after its latest answer', async () => {
    const server = await serveByKey({ first: 500 })
    const harbor = harborFor(server, options(server))
    const ask = async () =>
      receiptOf(await harbor.chat.completions.create(hello('gpt-4'), perCall({ session: 's' })))?.target
    expect(await ask()).toBe('backup/gpt-4')
    server.answers['first'] = 200
    const now = Date.now()
    const clock = vi.spyOn(performance, 'now')
    const passed = (ms: number) => {
      const { timeOrigin } = performance
      clock.mockImplementation(() => now - timeOrigin + ms)
    }
    passed(59 * 60_000)
    expect(await ask()).toBe('backup/gpt-4')
    passed((59 + 61) * 60_000)
    expect(await ask()).toBe('openai/gpt-4')
    clock.mockRestore()
  })
})
