import type { OpenAI } from 'openai'
import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import {
  bareClient,
  COMPLETION,
  json,
  rejection,
  REQUEST,
  scripted,
  SDKS,
  type ScriptedFetch,
  type Sdk,
} from './helpers/sdk-versions.ts'

// What Harbor takes for granted about the SDK, held against both ends of the supported range.

/** The options as the SDK itself holds them. */
type FinalOptions = Parameters<OpenAI['buildRequest']>[0]

/** A client that shows what passes through `prepareRequest`. */
function hooked(
  sdk: Sdk,
  fetch: ScriptedFetch,
  hook: (init: RequestInit, options: FinalOptions) => void,
): OpenAI {
  const prepareRequest = async (init: RequestInit, { options }: { options: FinalOptions }): Promise<void> => {
    hook(init, options)
  }
  return Object.assign(bareClient(sdk, fetch), { prepareRequest })
}

describe.each(SDKS)('openai $version: how it makes a request', ({ sdk }) => {
  it('reads a result of these things, and of no other', async () => {
    const client = bareClient(sdk, scripted(json(COMPLETION))) as unknown as {
      makeRequest(options: object, retries: number, retryOf: undefined): Promise<object>
    }
    const made = await client.makeRequest({ method: 'post', path: '/x', body: {} }, 0, undefined)
    expect(THINGS).toEqual(expect.arrayContaining(Object.keys(made)))
  })
})

/** Those that the short way gives (`src/sdk/short-way.ts`). */
const THINGS = [
  'response',
  'options',
  'controller',
  'requestSignal',
  'requestLogID',
  'retryOfRequestLogID',
  'startTime',
]

describe.each(SDKS)('openai $version: what fetch gets', ({ sdk }) => {
  it('calls fetch without this, with the URL as a string and one init', async () => {
    const fetch = scripted(json(COMPLETION))
    await bareClient(sdk, fetch).chat.completions.create(REQUEST)
    expect(fetch.calls).toHaveLength(1)
    const { self, url, init } = fetch.calls[0] ?? {}
    expect(self).toBeUndefined()
    expect(url).toBe('https://api.openai.com/v1/chat/completions')
    expect(Object.keys(init ?? {}).sort()).toEqual(['body', 'headers', 'method', 'signal'])
    expect(init?.method).toBe('POST')
    expect(init?.headers).toBeInstanceOf(Headers)
    expect(init?.signal).toBeInstanceOf(AbortSignal)
    expect(JSON.parse(init?.body as string)).toEqual(REQUEST)
  })

  it('spreads fetchOptions, and so a dispatcher, into the init', async () => {
    const fetch = scripted(json(COMPLETION))
    const dispatcher = new Agent()
    const client = bareClient(sdk, fetch, { fetchOptions: { dispatcher } })
    await client.chat.completions.create(REQUEST)
    expect(fetch.calls[0]?.init).toHaveProperty('dispatcher', dispatcher)
  })

  it('sends a readable as a stream, with duplex: half', async () => {
    const fetch = scripted(json({}))
    await bareClient(sdk, fetch).post('/anything', { body: new Blob(['streamed']).stream() })
    expect(fetch.calls[0]?.init.body).toBeInstanceOf(ReadableStream)
    expect(fetch.calls[0]?.init).toHaveProperty('duplex', 'half')
  })

  const upload = () => ({ file: new File(['one line'], 'lines.jsonl'), purpose: 'batch' as const })

  it('sends an upload as FormData, after a call to "data:," that finds out what Response can do', async () => {
    const fetch = scripted(json({}))
    await bareClient(sdk, fetch).files.create(upload())
    expect(fetch.calls.map(({ url }) => url)).toEqual(['data:,', 'https://api.openai.com/v1/files'])
    expect(fetch.calls[1]?.init.body).toBeInstanceOf(FormData)
  })

  it('spares that call when fetch itself carries a Response', async () => {
    const fetch = Object.assign(scripted(json({})), { Response })
    await bareClient(sdk, fetch).files.create(upload())
    expect(fetch.calls.map(({ url }) => url)).toEqual(['https://api.openai.com/v1/files'])
  })

  it('hands a signal of its own to fetch, which the signal of the caller aborts', async () => {
    const controller = new AbortController()
    const fetch = scripted(() => {
      controller.abort()
      return json(COMPLETION)()
    })
    await rejection(bareClient(sdk, fetch).chat.completions.create(REQUEST, { signal: controller.signal }))
    expect(fetch.calls[0]?.init.signal).not.toBe(controller.signal)
    expect(fetch.calls[0]?.init.signal?.aborted).toBe(true)
  })

  it('keeps a symbol that prepareRequest sets on the init', async () => {
    const mark = Symbol('mark')
    const fetch = scripted(json(COMPLETION))
    const client = hooked(sdk, fetch, (init) => Object.assign(init, { [mark]: 'kept' }))
    await client.chat.completions.create(REQUEST)
    expect(fetch.calls[0]?.init).toMatchObject({ [mark]: 'kept' })
  })

  it('shows prepareRequest the body before it is serialised', async () => {
    const bodies: unknown[] = []
    const fetch = scripted(json(COMPLETION))
    const client = hooked(sdk, fetch, (_, { body }) => bodies.push(body))
    await client.chat.completions.create(REQUEST)
    expect(bodies).toMatchObject([REQUEST])
  })
})

describe.each(SDKS)('openai $version: a symbol on request options reaches prepareRequest', ({ sdk }) => {
  const mark: unique symbol = Symbol('mark')
  const marked = (): OpenAI.RequestOptions => ({ [mark]: 'kept' }) as OpenAI.RequestOptions

  const USES: [through: string, call: (client: OpenAI) => Promise<unknown>][] = [
    ['create', async (client) => client.chat.completions.create(REQUEST, marked())],
    ['a spread', async (client) => client.chat.completions.create(REQUEST, { ...marked(), timeout: 5_000 })],
    ['parse', (client) => client.chat.completions.parse(REQUEST, marked())],
    ['stream', (client) => client.chat.completions.stream(REQUEST, marked()).done()],
    ['runTools', (client) => client.chat.completions.runTools({ ...REQUEST, tools: [] }, marked()).done()],
    [
      'responses.create',
      async (client) => client.responses.create({ model: 'gpt-4', input: 'Hi' }, marked()),
    ],
    [
      'responses.stream',
      (client) => client.responses.stream({ model: 'gpt-4', input: 'Hi' }, marked()).done(),
    ],
    ['embeddings', async (client) => client.embeddings.create({ model: 'gpt-4', input: 'Hi' }, marked())],
    [
      'files',
      async (client) => client.files.create({ file: new File(['x'], 'x.jsonl'), purpose: 'batch' }, marked()),
    ],
    ['a copy of the client', async (client) => client.withOptions({ timeout: 9_000 }).post('/x', marked())],
  ]

  it.each(USES)('through %s', async (_, call) => {
    const seen: unknown[] = []
    const prepareRequest = async (__: RequestInit, { options }: { options: FinalOptions }): Promise<void> => {
      seen.push((options as { [mark]?: string })[mark])
    }
    class Watched extends sdk.OpenAI {
      override prepareRequest = prepareRequest
    }
    const client = new Watched({
      apiKey: 'test-key',
      maxRetries: 0,
      logLevel: 'off',
      fetch: scripted(json({})),
    })
    await call(client).catch(() => undefined) // the answer does not suit them all
    expect(seen).toEqual(['kept'])
  })

  it('through every page of a list, since a page asks for the next one with its own options', async () => {
    const seen: unknown[] = []
    const page = (id: string, more: boolean): (() => Response) =>
      json({ object: 'list', data: [{ id }], has_more: more, last_id: id })
    const client = hooked(sdk, scripted(page('file-1', true), page('file-2', false)), (_, options) =>
      seen.push((options as { [mark]?: string })[mark]),
    )
    const ids: string[] = []
    for await (const file of client.files.list({}, marked())) ids.push(file.id)
    expect(ids).toEqual(['file-1', 'file-2'])
    expect(seen).toEqual(['kept', 'kept'])
  })
})
