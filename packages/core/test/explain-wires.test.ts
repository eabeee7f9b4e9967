import { describe, expect, it } from 'vitest'
import type { Harbor } from '../src/index.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const UNSERVED = {
  messages: 'its provider does not serve anthropic-messages',
  generate: 'its provider does not serve gemini-generate',
}
const TEXT = 'word '.repeat(2_000)

/** A client with a provider of each vendor, all in one chain. */
function client(): Harbor {
  return harborFor(
    { baseURL: 'https://api.openai.com/v1' },
    {
      providers: {
        claude: { kind: 'anthropic', apiKey: ['a1', 'a2'] },
        gemini: { kind: 'google', apiKey: 'g' },
        other: { apiKey: 'o', baseURL: 'https://other.example/v1' },
      },
      models: {
        'claude/claude-haiku-4-5': { contextTokens: 1_000, capabilities: ['stream'] },
        'gemini/gemini-2.5-flash': { contextTokens: 1_000, capabilities: ['stream'] },
      },
      fallback: ['claude/claude-haiku-4-5', 'gemini/gemini-2.5-flash', 'other/m'],
    },
  )
}

function leftOut(harbor: Harbor, request: object): Record<string, string | undefined> {
  return Object.fromEntries(harbor.explain(request).targets.map(({ name, leftOut }) => [name, leftOut]))
}

describe('explain of a request of the Messages API', () => {
  const QUESTION = {
    model: 'claude-sonnet-4-6',
    max_tokens: 10,
    messages: [{ role: 'user', content: 'Hi' }],
    system: 'Be short.',
  }

  it('skips the providers that do not serve it', () => {
    expect(leftOut(client(), QUESTION)).toEqual({
      'openai/claude-sonnet-4-6': undefined,
      'claude/claude-haiku-4-5': undefined,
      'gemini/gemini-2.5-flash': UNSERVED.messages,
      'other/m': UNSERVED.messages,
    })
  })

  it.each<[string, object]>([
    [
      'a tool with input_schema',
      { system: undefined, tools: [{ name: 't', input_schema: { type: 'object' } }] },
    ],
    [
      'a result of a tool',
      { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: '1' }] }] },
    ],
    [
      'a document',
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'url' } }] }] },
    ],
    ['stop_sequences', { stop_sequences: ['.'] }],
    ['anthropic_version', { anthropic_version: 'vertex-2023-10-16' }],
  ])('recognises the request by %s', (_what, fields) => {
    const { system: _system, ...plain } = QUESTION
    expect(leftOut(client(), { ...plain, ...fields })).toMatchObject({ 'other/m': UNSERVED.messages })
  })

  it('takes a body that both protocols have for a chat request', () => {
    const { system: _system, ...plain } = QUESTION
    expect(leftOut(client(), plain)).toMatchObject({ 'other/m': undefined })
    const system = [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Hi' },
    ]
    expect(leftOut(client(), { ...plain, messages: system })).toMatchObject({ 'other/m': undefined })
  })

  it('checks capabilities and the context window by the fields of the protocol', () => {
    const image = { type: 'image', source: { type: 'url', url: 'https://x.example/i.png' } }
    const seeing = { ...QUESTION, messages: [{ role: 'user', content: [image] }] }
    expect(leftOut(client(), seeing)).toMatchObject({
      'claude/claude-haiku-4-5': 'it is not said to be capable of vision',
    })
    expect(leftOut(client(), { ...QUESTION, system: TEXT })).toMatchObject({
      'claude/claude-haiku-4-5': expect.stringMatching(/^about \d+ tokens are more than its 1000$/) as string,
    })
  })

  it('names only the requested target if no other one can serve the request', () => {
    const { targets } = client().explain({ ...QUESTION, model: 'claude/m', container: 'container_1' })
    expect(targets).toMatchObject([{ name: 'claude/m', keyIndex: 0 }])
  })
})

describe('explain of a Gemini request', () => {
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]

  it('skips the providers that do not serve it, and reads the model from the body', () => {
    expect(leftOut(client(), { model: 'gemini-2.5-pro', contents })).toEqual({
      'openai/gemini-2.5-pro': undefined,
      'claude/claude-haiku-4-5': UNSERVED.generate,
      'gemini/gemini-2.5-flash': undefined,
      'other/m': UNSERVED.generate,
    })
    const [first] = client().explain({ model: 'gemini/gemini-2.5-pro', contents }).targets
    expect(first).toMatchObject({ name: 'gemini/gemini-2.5-pro', leftOut: undefined })
  })

  it('recognises embeddings, one and several', () => {
    const one = { model: 'gemini-embedding-001', content: { parts: [{ text: 'Hi' }] } }
    for (const body of [one, { model: one.model, requests: [one] }])
      expect(leftOut(client(), body)).toMatchObject({ 'other/m': UNSERVED.generate })
  })

  it('checks capabilities and the context window by the fields of the protocol', () => {
    expect(leftOut(client(), { model: 'm', contents, tools: [{ functionDeclarations: [] }] })).toMatchObject({
      'gemini/gemini-2.5-flash': 'it is not said to be capable of tools',
    })
    const long = [{ parts: [{ text: TEXT }] }]
    expect(leftOut(client(), { model: 'm', contents: long })).toMatchObject({
      'gemini/gemini-2.5-flash': expect.stringMatching(/^about \d+ tokens/) as string,
    })
  })

  it('names only the requested target if no other one can serve the request', () => {
    const { targets } = client().explain({ model: 'gemini/m', contents, cachedContent: 'cachedContents/1' })
    expect(targets).toMatchObject([{ name: 'gemini/m' }])
  })
})

describe('explain of a stateful Responses request', () => {
  it('names only the requested target', () => {
    const { targets } = client().explain({ model: 'gpt-5', input: 'Hi', previous_response_id: 'resp_1' })
    expect(targets.map(({ name }) => name)).toEqual(['openai/gpt-5'])
  })
})

function tokensOf({ targets }: ReturnType<Harbor['explain']>): number {
  return Number(/about (\d+) tokens/.exec(targets[0]?.leftOut ?? '')?.[1])
}

describe('explain before and after the first request of a protocol', () => {
  it('describes the same targets', async () => {
    const { origin } = await serve((_request, response) => sendJson(response, { candidates: [] }))
    const harbor = harborFor(
      { baseURL: origin },
      { providers: { gemini: { kind: 'google', apiKey: 'g' } }, fallback: ['gemini/m'], maxRetries: 0 },
    )
    const request = { model: 'gemini-2.5-pro', contents: [{ parts: [{ text: 'Hi' }] }] }
    const before = harbor.explain(request).targets
    await harbor.post('/v1beta/models/warm:countTokens', { body: request })
    expect(harbor.explain(request).targets).toEqual(before)
    expect(before).toHaveLength(2)
  })

  it('estimates tokens as the protocol does, once it is loaded', async () => {
    const tools = [{ name: 't', input_schema: { type: 'object' } }]
    const request = { model: 'claude/m', max_tokens: 1, messages: [], system: TEXT, tools }
    const harbor = harborFor(
      { baseURL: 'https://api.openai.com/v1' },
      {
        providers: { claude: { kind: 'anthropic', apiKey: 'a' } },
        models: { 'claude/m': { contextTokens: 9 } },
      },
    )
    const { origin } = await serve((_request, response) => sendJson(response, {}))
    const harborFetch = harborFetchFor({ maxRetries: 0 })
    await harborFetch(`${origin}/v1/messages`, { method: 'POST', body: JSON.stringify(request) })
    // The protocol counts the system prompt that is added to a request with tools.
    const plain = { ...request, tools: undefined }
    const added = tokensOf(harbor.explain(request)) - tokensOf(harbor.explain(plain))
    expect(added).toBeGreaterThan(600)
  })
})
