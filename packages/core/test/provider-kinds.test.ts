import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Harbor, OptionError, receiptOf, type HarborOptions, type ProviderOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve, type TestServer, type UpstreamRequest } from './helpers/http-server.ts'

/** Answers the client's own provider with an error, and every other request with a chat completion. */
function servePrimaryDown(): Promise<TestServer> {
  return serve(({ path }, response) => {
    if (path.startsWith('/down/')) sendJson(response, { error: { message: 'Down.' } }, 501)
    else sendJson(response, CHAT_ANSWER)
  })
}

/** A `fetch` that sends the requests to vendors to a local server, whose paths begin with the vendor's host. */
function toLocal(server: TestServer): typeof globalThis.fetch {
  return (input, init) => {
    const url = new URL(input)
    const local = url.origin === server.origin ? '' : `/${url.host}`
    return fetch(server.origin + local + url.pathname + url.search, init)
  }
}

/** A client whose own provider is down, with an entry `other` that takes over. */
async function withOther(entry: ProviderOptions, options: HarborOptions = {}) {
  const server = await servePrimaryDown()
  const harbor = harborFor(
    { baseURL: `${server.origin}/down/v1` },
    {
      fetch: toLocal(server),
      providers: { other: { apiKey: 'other-key', ...entry } },
      fallback: ['other/m'],
      maxRetries: 0,
      ...options,
    },
  )
  return { harbor, server, sent: (): UpstreamRequest | undefined => server.requests.at(-1) }
}

describe('a chat request to a provider of another kind', () => {
  it.each<[ProviderOptions['kind'], string]>([
    ['anthropic', '/api.anthropic.com/v1/chat/completions'],
    ['google', '/generativelanguage.googleapis.com/v1beta/openai/chat/completions'],
  ])('goes to the OpenAI-compatible endpoint of %s, with a bearer key', async (kind, path) => {
    const { harbor, sent } = await withOther({ kind })
    const answer = await harbor.chat.completions.create(HELLO)
    expect(receiptOf(answer)?.target).toBe('other/m')
    expect(sent()?.path).toBe(path)
    expect(sent()?.headers).toMatchObject({ authorization: 'Bearer other-key' })
    expect(Object.keys(sent()?.headers ?? {})).not.toContain('x-api-key')
  })

  it('goes to the endpoint that the entry gives for the protocol', async () => {
    const { harbor, sent } = await withOther({
      kind: 'anthropic',
      endpoints: { 'openai-chat': 'https://gateway.example/compatible/v1/' },
    })
    await harbor.chat.completions.create(HELLO)
    expect(sent()?.path).toBe('/gateway.example/compatible/v1/chat/completions')
  })

  it('skips a provider without an endpoint for it, and says so in the receipt and in explain()', async () => {
    const { harbor, server } = await withOther({ kind: 'anthropic' })
    const request = { model: 'gpt-4', input: 'Hi' }
    const failure = await failureOf(harbor.responses.create(request))
    const reason = 'its provider does not serve openai-responses'
    expect(receiptOf(failure)?.skipped).toEqual([{ target: 'other/m', reason }])
    expect(harbor.explain(request).targets[1]?.leftOut).toBe(reason)
    expect(server.requests).toHaveLength(1)
  })

  it('is refused in words when the requested provider does not serve its protocol', async () => {
    const { harbor, server } = await withOther({ kind: 'anthropic' })
    const failure = await failureOf(harbor.embeddings.create({ model: 'other/e', input: 'x' }))
    expect(failure).toMatchObject({
      status: 400,
      code: 'no_capable_target',
      message: expect.stringContaining('other/e: its provider does not serve openai-embeddings') as string,
    })
    expect(server.requests).toHaveLength(0)
  })
})

describe('a compatible endpoint that ignores a parameter', () => {
  it('is skipped with that reason where the parameter changes the meaning of the answer', async () => {
    const { harbor, server } = await withOther(
      { kind: 'anthropic' },
      {
        providers: {
          claude: { kind: 'anthropic', apiKey: 'k' },
          gemini: { kind: 'google', apiKey: 'k' },
        },
        fallback: { 'gpt-4': ['claude/claude-sonnet-4-6', 'gemini/gemini-2.5-pro'] },
      },
    )
    const request = { ...HELLO, response_format: { type: 'json_object' as const }, seed: 7 }
    const answer = await harbor.chat.completions.create(request)
    expect(receiptOf(answer)).toMatchObject({
      target: 'gemini/gemini-2.5-pro',
      skipped: [
        {
          target: 'claude/claude-sonnet-4-6',
          reason: 'it ignores response_format, at the OpenAI-compatible endpoint of Anthropic',
        },
      ],
      attempts: [{ adaptations: [] }, { target: 'gemini/gemini-2.5-pro', adaptations: ['dropped seed'] }],
    })
    expect(JSON.parse(server.requests[1]?.body ?? '')).not.toHaveProperty('seed')
    expect(harbor.explain(request).targets[1]?.leftOut).toContain('it ignores response_format')
  })
})

describe('a chain over several vendors', () => {
  it('is warned about, once, when a protocol that some targets do not serve is called', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    onTestFinished(() => {
      emitWarning.mockRestore()
    })
    const { harbor } = await withOther({ kind: 'anthropic' })
    await harbor.chat.completions.create(HELLO)
    expect(emitWarning).not.toHaveBeenCalled()
    for (let call = 0; call < 2; call++)
      await failureOf(harbor.responses.create({ model: 'gpt-4', input: 'Hi' }))
    expect(emitWarning.mock.calls.map(([text]) => text)).toEqual([
      expect.stringContaining('Calls of openai-responses for openai/gpt-4 skip other/m'),
    ])
  })

  const gateway = { kind: 'anthropic', apiKey: 'k', baseURL: 'https://gateway.example' } as const

  it.each<[HarborOptions['fallback']]>([
    [['claude/m']],
    [{ 'gpt-4': ['claude/m'] }],
    [{ '*': ['claude/m'] }],
    [{ 'plain/m': ['claude/m'] }],
  ])('is refused at construction where a target can never serve the calls: %j', (fallback) => {
    const options = { providers: { claude: gateway, plain: { apiKey: 'k' } }, fallback }
    const make = (): Harbor => new Harbor({ apiKey: 'k', logLevel: 'off', ...options })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(
      /names claude\/m, which can never take over: providers\.claude serves anthropic-messages,/,
    )
  })

  it('is accepted by createHarborFetch, through which calls of any vendor may come, unless it names their provider', () => {
    const providers = { claude: gateway, plain: { apiKey: 'k' } }
    expect(() => harborFetchFor({ providers, fallback: { m: ['claude/m'] } })).not.toThrow()
    expect(() => harborFetchFor({ providers, fallback: { 'openai/m': ['claude/m'] } })).toThrow(OptionError)
    expect(() => harborFetchFor({ providers, fallback: { 'plain/m': ['claude/m'] } })).toThrow(OptionError)
    expect(() => harborFetchFor({ providers, fallback: { 'anthropic/m': ['claude/m'] } })).not.toThrow()
  })
})

describe('the credentials of a caller', () => {
  const NAMES = [
    'authorization',
    'proxy-authorization',
    'api-key',
    'x-api-key',
    'x-goog-api-key',
    'x-goog-user-project',
    'openai-organization',
    'openai-project',
    'anthropic-workspace-id',
    'anthropic-user-profile-id',
    'anthropic-beta',
    'anthropic-version',
    'cookie',
  ]

  it('never reach another provider, whatever header or query they stand in', async () => {
    const server = await servePrimaryDown()
    const fetch = harborFetchFor({
      fetch: toLocal(server),
      providers: {
        claude: { kind: 'anthropic', apiKey: 'own' },
        gemini: { kind: 'google', apiKey: 'own' },
        plain: { apiKey: 'own', baseURL: 'https://plain.example/v1' },
        azure: { kind: 'azure', apiKey: 'own', baseURL: 'https://azure.example' },
      },
      maxRetries: 0,
      breaker: false,
    })
    const header = fc.oneof(
      fc.constantFrom(...NAMES),
      fc.stringMatching(/^x-[a-z]{1,12}$/).filter((name) => !name.startsWith('x-stainless')),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(header, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('claude', 'gemini', 'plain', 'azure'),
        async (names, provider) => {
          const headers = Object.fromEntries(names.map((name) => [name, `secret-${name}`]))
          const before = server.requests.length
          await fetch(`${server.origin}/down/v1/chat/completions?key=secret-query`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: JSON.stringify({ ...HELLO, model: `${provider}/m` }),
          })
          const sent = server.requests.slice(before)
          expect(sent).toHaveLength(1)
          expect(JSON.stringify(sent)).not.toContain('secret')
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('an entry of providers', () => {
  it.each<[Record<string, ProviderOptions>, string]>([
    [{ a: { apiKey: 'k', kind: 'antropic' as never } }, 'providers.a.kind must be one of openai, azure'],
    [{ openai: { kind: 'anthropic' } }, "cannot be of kind 'anthropic'"],
    [{ openai: { endpoints: { 'openai-chat': 'https://x.example' } } }, 'providers.openai.endpoints has no'],
    [
      { a: { apiKey: 'k', endpoints: { 'openai-chats': 'https://x.example' } as never } },
      'Unknown option providers.a.endpoints.openai-chats. Did you mean providers.a.endpoints.openai-chat?',
    ],
    [
      { a: { apiKey: 'k', endpoints: { 'openai-chat': 'x.example' } } },
      'providers.a.endpoints.openai-chat must be an absolute URL',
    ],
    [
      { a: { apiKey: 'k', endpoints: { 'openai-chat': 'ftp://x.example/' } } },
      'providers.a.endpoints.openai-chat must be an absolute URL',
    ],
  ])('is refused at construction, by name: %j', (providers, message) => {
    const make = (): Harbor => new Harbor({ apiKey: 'test-key', logLevel: 'off', providers })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })

  it('of a kind of its own serves chains of the OpenAI SDK over createHarborFetch', async () => {
    const server = await servePrimaryDown()
    const client = new OpenAI({
      apiKey: 'mine',
      baseURL: `${server.origin}/down/v1`,
      maxRetries: 0,
      fetch: harborFetchFor({
        fetch: toLocal(server),
        providers: { gemini: { kind: 'google', apiKey: 'own' } },
        fallback: { 'gpt-4': ['gemini/gemini-2.5-pro'] },
        maxRetries: 0,
      }),
    })
    const answer = await client.chat.completions.create(HELLO).withResponse()
    expect(receiptOf(answer.response)?.target).toBe('gemini/gemini-2.5-pro')
    expect(JSON.stringify(server.requests[1])).not.toContain('mine')
  })
})
