import { describe, expect, it } from 'vitest'
import { createHarborFetch, Harbor, OptionError, receiptOf, type HarborOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { hello, keyOf, serveByKey, WAYS } from './helpers/key-server.ts'

const KEYS = ['key-a', 'key-b']

function keyed(baseURL: string, options: HarborOptions = {}): Harbor {
  const { providers, ...others } = options
  return harborFor(
    { baseURL },
    { apiKey: undefined, ...others, providers: { openai: { apiKey: KEYS }, ...providers } },
  )
}

const file = (): File => new File(['{}'], 'requests.jsonl')
type Call = (harbor: Harbor) => Promise<unknown>
const stored: readonly (readonly [string, Call])[] = [
  ['a file', (harbor) => harbor.files.create({ file: file(), purpose: 'batch' })],
  ['a list of files', (harbor) => harbor.files.list()],
  ['a batch', (harbor) => harbor.batches.retrieve('batch_1')],
  ['a vector store', (harbor) => harbor.vectorStores.create({ name: 'v' })],
  ['an upload', (harbor) => harbor.uploads.cancel('upload_1')],
  ['a stored answer', (harbor) => harbor.responses.retrieve('resp_1')],
  ['an unknown path', (harbor) => harbor.post('/something/new', { body: { model: 'gpt-4' } })],
  [
    'a stateful response',
    (harbor) => harbor.responses.create({ model: 'gpt-4', input: 'Hi', previous_response_id: 'resp_0' }),
  ],
  [
    'a response about a file',
    (harbor) =>
      harbor.responses.create({
        model: 'gpt-4',
        store: false,
        input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }],
      }),
  ],
  [
    'a search in vector stores',
    (harbor) =>
      harbor.responses.create({
        model: 'gpt-4',
        store: false,
        input: 'Hi',
        tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }],
      }),
  ],
  [
    'a response with encrypted reasoning',
    (harbor) =>
      harbor.responses.create({
        model: 'gpt-4',
        store: false,
        input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' }],
      }),
  ],
  ['a stored prompt', (harbor) => harbor.responses.create({ prompt: { id: 'pmpt_1' }, store: false })],
  [
    'a chat about a file',
    (harbor) =>
      harbor.chat.completions.create({
        model: 'gpt-4',
        messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file_1' } }] }],
      }),
  ],
  [
    'a model trained for an organization',
    (harbor) => harbor.chat.completions.create(hello('ft:gpt-4:acme::1')),
  ],
]

describe('what is stored for an account', () => {
  it.each(stored)('always uses the first key: %s', async (_, call) => {
    const server = await serveByKey()
    const harbor = keyed(server.baseURL)
    for (let time = 0; time < 3; time++) await call(harbor)
    expect(new Set(server.keys())).toEqual(new Set(['key-a']))
  })

  it('does not change to another key after a failure', async () => {
    const server = await serveByKey({ 'key-a': 401 })
    const harbor = keyed(server.baseURL)
    for (const [, call] of stored) expect(await failureOf(call(harbor))).toMatchObject({ status: 401 })
    expect(new Set(server.keys())).toEqual(new Set(['key-a']))
  })

  it('is made with the first key while that is free, and with another one otherwise', async () => {
    const server = await serveByKey()
    const harbor = keyed(server.baseURL)
    const ask = (): Promise<unknown> => harbor.responses.create({ model: 'gpt-4', input: 'Hi' })
    for (let time = 0; time < 3; time++) await ask()
    expect(server.keys()).toEqual(['key-a', 'key-a', 'key-a'])
    server.answers['key-a'] = { status: 429, headers: { 'retry-after': '20' } }
    await ask()
    await ask()
    expect(server.keys().slice(3)).toEqual(['key-a', 'key-b', 'key-b'])
  })

  it.each<[string, object]>([
    ['ids of tool calls', { messages: [{ role: 'tool', tool_call_id: 'call_1', content: 'x' }] }],
    ['metadata of the caller', { metadata: { order_id: '1' } }],
    [
      'a schema with ids',
      { tools: [{ type: 'function', function: { name: 'f', parameters: { properties: { user_id: {} } } } }] },
    ],
  ])('does not include %s', async (_, more) => {
    const server = await serveByKey()
    const harbor = keyed(server.baseURL)
    for (let time = 0; time < 2; time++) await harbor.chat.completions.create(hello('gpt-4', more))
    expect(server.keys()).toEqual(KEYS)
  })

  it('includes a request that is nested too deeply to be searched', async () => {
    const server = await serveByKey()
    let nested: object = {}
    for (let depth = 0; depth < 200; depth++) nested = { nested }
    const harbor = keyed(server.baseURL)
    for (let time = 0; time < 2; time++) await harbor.chat.completions.create(hello('gpt-4', { nested }))
    expect(server.keys()).toEqual(['key-a', 'key-a'])
  })
})

describe('another credential', () => {
  const times = async (call: () => Promise<unknown>): Promise<void> => {
    for (let time = 0; time < 5; time++) await call()
  }

  it.each<[string, (harbor: Harbor) => Promise<unknown>]>([
    [
      'of the call',
      (harbor) =>
        harbor.chat.completions.create(hello('gpt-4'), { headers: { authorization: 'Bearer own' } }),
    ],
    [
      'of a client copy',
      (harbor) => harbor.withOptions({ apiKey: 'own' }).chat.completions.create(hello('gpt-4')),
    ],
    [
      'of the default headers of a copy',
      (harbor) =>
        harbor
          .withOptions({ defaultHeaders: { Authorization: 'Bearer own' } })
          .chat.completions.create(hello('gpt-4')),
    ],
    [
      'that replaces the key of the client',
      (harbor) => {
        harbor.apiKey = 'own'
        return harbor.chat.completions.create(hello('gpt-4'))
      },
    ],
  ])('%s wins', async (_, call) => {
    const server = await serveByKey()
    const harbor = keyed(server.baseURL)
    await times(() => call(harbor))
    expect(new Set(server.keys())).toEqual(new Set(['own']))
  })

  it('of the call wins even if it is the first key', async () => {
    const server = await serveByKey({})
    const harbor = keyed(server.baseURL, { defaultHeaders: { authorization: 'Bearer key-a' } })
    await times(() => harbor.chat.completions.create(hello('gpt-4')))
    expect(new Set(server.keys())).toEqual(new Set(['key-a']))
  })

  it('does not come with a copy that changes something else', async () => {
    const server = await serveByKey()
    const copy = keyed(server.baseURL).withOptions({ timeout: 9_000 })
    await times(() => copy.chat.completions.create(hello('gpt-4')))
    expect(new Set(server.keys())).toEqual(new Set(KEYS))
  })

  it('is replaced by the list of a copy', async () => {
    const server = await serveByKey()
    const copy = keyed(server.baseURL).withOptions({ providers: { openai: { apiKey: ['key-c', 'key-d'] } } })
    await times(() => copy.chat.completions.create(hello('gpt-4')))
    expect(new Set(server.keys())).toEqual(new Set(['key-c', 'key-d']))
  })
})

describe('functions in a list of keys', () => {
  const returning = (key: string) => () => Promise.resolve(key)

  it.each(WAYS)('are called for the attempts that use them ($name)', async ({ open }) => {
    const server = await serveByKey()
    const keys = [returning('key-a'), 'key-b', returning('key-c')]
    const { client, model } = open(server.baseURL, keys)
    for (let call = 0; call < 6; call++) await client.chat.completions.create(hello(model))
    expect(server.keys()).toEqual(['key-a', 'key-b', 'key-c', 'key-a', 'key-b', 'key-c'])
  })

  it('are passed over for a while when they fail, and another key is used', async () => {
    const server = await serveByKey()
    const failing = (): Promise<string> => Promise.reject(new Error('the vault is closed'))
    const harbor = keyed(server.baseURL, {
      providers: { pool: { apiKey: [failing, 'key-b'], baseURL: server.baseURL } },
    })
    const answer = await harbor.chat.completions.create(hello('pool/gpt-4'))
    expect(receiptOf(answer)?.attempts).toMatchObject([{ keyIndex: 1 }])
    expect(server.keys()).toEqual(['key-b'])
  })
})

describe('the option apiKey with a list', () => {
  const make = (apiKey: unknown) => () =>
    new Harbor({ providers: { openai: { apiKey: apiKey as string } }, logLevel: 'off' })

  it.each<[string, unknown, RegExp]>([
    ['an empty list', [], /providers\.openai\.apiKey is an empty list/],
    ['an empty key', ['a', ''], /apiKey\[1\] must be a non-empty string, .*got an empty string/],
    ['a missing key', ['a', undefined], /apiKey\[1\] must be a non-empty string, .*got undefined/],
    ['null in a list', [null, 'a'], /apiKey\[0\] must be/],
    ['a line break', ['a', 'SECRET\nb'], /apiKey\[1\] contains a line break/],
    ['the same key twice', ['SECRET', 'b', 'SECRET'], /apiKey\[2\] is the same key as .*apiKey\[0\]/],
    ['too many keys', Array.from({ length: 101 }, (_, index) => `SECRET ${index}`), /has 101 keys/],
  ])('refuses %s, without its value', (_, apiKey, words) => {
    expect(make(apiKey)).toThrow(OptionError)
    expect(make(apiKey)).toThrow(words)
    expect(() => createHarborFetch({ providers: { pool: { apiKey: apiKey as string } } })).toThrow(
      OptionError,
    )
    try {
      make(apiKey)()
    } catch (error) {
      expect((error as Error).message).not.toContain('SECRET')
    }
  })

  it('refuses another key as the option of the client, and a list there', () => {
    const providers = { openai: { apiKey: ['a', 'b'] } }
    expect(() => new Harbor({ apiKey: 'c', providers })).toThrow(/contradict each other/)
    expect(() => new Harbor({ apiKey: ['a', 'b'] as never })).toThrow(/apiKey must be a non-empty string/)
  })
})

describe('the cache', () => {
  it('is shared by all keys of a list, in any order, and not by another list', async () => {
    const server = await serveByKey()
    const harbor = keyed(server.baseURL, { cache: true })
    const ask = async (client: Harbor): Promise<string | undefined> =>
      receiptOf(await client.chat.completions.create(hello('gpt-4', { temperature: 0 })))?.cache?.status
    expect([await ask(harbor), await ask(harbor), await ask(harbor)]).toEqual(['miss', 'hit', 'hit'])
    const withKeys = (...apiKey: string[]): Harbor =>
      harbor.withOptions({ providers: { openai: { apiKey } } })
    expect(await ask(withKeys('key-b', 'key-a'))).toBe('hit')
    expect(await ask(withKeys('key-a', 'key-c'))).toBe('miss')
    expect(await ask(withKeys('key-a'))).toBe('miss')
    expect(server.requests.map(keyOf)).toHaveLength(3)
  })
})
