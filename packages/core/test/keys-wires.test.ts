import { describe, expect, it } from 'vitest'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve, type UpstreamRequest } from './helpers/http-server.ts'

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-6',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
}
const CANDIDATE = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP', index: 0 }],
}

const keyOf = ({ headers }: UpstreamRequest): unknown => headers['x-api-key'] ?? headers['x-goog-api-key']

describe('keys of an anthropic entry', () => {
  it('sign Messages, and share the rate limit of their workspace', async () => {
    const limited = new Set(['own'])
    const server = await serve((request, response) => {
      const key = String(keyOf(request))
      const workspace = key === 'key-c' ? 'two' : 'one'
      response.setHeader('anthropic-organization-id', 'org').setHeader('anthropic-workspace-id', workspace)
      if (!limited.has(key)) {
        sendJson(response, MESSAGE)
        return
      }
      response.setHeader('retry-after', '20')
      sendJson(response, { type: 'error', error: { type: 'rate_limit_error', message: 'no' } }, 429)
    })
    const apiKey = ['key-a', 'key-b', 'key-c']
    const fetch = harborFetchFor({
      providers: { claude: { kind: 'anthropic', apiKey, baseURL: server.origin } },
      fallback: ['claude/claude-sonnet-4-6'],
    })
    const send = async (): Promise<number> => {
      const answer = await fetch(`${server.origin}/v1/messages`, {
        method: 'POST',
        headers: {
          'x-api-key': 'own',
          'anthropic-version': '2023-06-01',
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          model: 'claude-sonnet-4-6',
          max_tokens: 9,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      })
      await answer.text()
      return answer.status
    }
    for (let call = 0; call < 3; call++) expect(await send()).toBe(200)
    limited.add('key-a').add('key-b')
    for (let call = 0; call < 2; call++) expect(await send()).toBe(200)
    expect(server.requests.map(keyOf)).toEqual(['own', ...apiKey, 'key-a', 'key-c', 'key-c'])
  })
})

describe('keys of a google entry', () => {
  it('sign Gemini requests, and share the rate limit of the project that a refusal names', async () => {
    const server = await serve((request, response) => {
      const key = String(keyOf(request))
      if (key === 'key-c') {
        sendJson(response, CANDIDATE)
        return
      }
      const info = {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'RATE_LIMIT_EXCEEDED',
        metadata: { consumer: 'projects/1' },
      }
      const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '30s' }
      const details = [info, retry]
      sendJson(response, { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'no', details } }, 429)
    })
    const apiKey = ['key-a', 'key-b', 'key-c']
    const fetch = harborFetchFor({
      providers: { gem: { kind: 'google', apiKey, baseURL: server.origin } },
      fallback: ['gem/gemini-2.5-flash'],
    })
    const answer = await fetch(`${server.origin}/v1beta/models/gemini-2.5-flash:generateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'own', 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }),
    })
    expect(answer.status).toBe(200)
    await answer.text()
    expect(server.requests.map(keyOf)).toEqual(['own', ...apiKey])
    const keys = fetch.stats().targets['gem/gemini-2.5-flash']?.keys
    expect(keys).toMatchObject([
      { sharesLimitsWith: [1], cooldown: 'its rate limit was reached' },
      { sharesLimitsWith: [0] },
      { sharesLimitsWith: [], cooldown: undefined },
    ])
  })
})

describe('keys of the client’s own provider', () => {
  const messages = [{ role: 'user', content: 'Hi' }]
  const message = { model: 'claude-sonnet-4-6', max_tokens: 9, messages }
  const contents = [{ parts: [{ text: 'Hi' }] }]

  it.each([
    ['/chat/completions', { model: 'm', messages }, CHAT_ANSWER, 'authorization'],
    ['/messages', message, MESSAGE, 'x-api-key'],
    ['/models/gemini-2.5-pro:generateContent', { contents }, CANDIDATE, 'x-goog-api-key'],
  ])('are sent one at a time, also to %s', async (path, body, answer, header) => {
    const server = await serve(({ headers }, response) => {
      const isRevoked = JSON.stringify(headers).includes('key-a')
      if (isRevoked) sendJson(response, { error: { message: 'no' } }, 401)
      else sendJson(response, answer)
    })
    const providers = { openai: { apiKey: ['key-a', 'key-b'] } }
    await harborFor(server, { apiKey: undefined, providers, maxRetries: 1 }).post(path, { body })
    const last = server.requests.at(-1)?.headers ?? {}
    expect(last[header]).toMatch(/^(?:Bearer )?key-b$/)
    expect(JSON.stringify(last)).not.toContain('key-a')
  })
})
