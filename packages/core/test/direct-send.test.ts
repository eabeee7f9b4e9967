import OpenAI from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Harbor, receiptOf, type HarborOptions } from '../src/index.ts'
import { RequestTemplates } from '../src/openai-sdk/request-templates.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { describeFastPath } from './helpers/fast-path.ts'
import { COMPLETION, json, refusal, REQUEST, scripted } from './helpers/sdk-versions.ts'

type Settings = ConstructorParameters<typeof OpenAI>[0]
type Call = (client: OpenAI, turn: number) => Promise<unknown>

const ask: Call = (client) => client.chat.completions.create(REQUEST)

/** Everything that influences a request, each as it may change from one call to the next. */
const VARIANTS: [what: string, settings: Settings, call: Call][] = [
  ['nothing special', {}, ask],
  [
    'a body that changes',
    {},
    (client, turn) =>
      client.chat.completions.create({ ...REQUEST, safety_identifier: `ü${turn}`, stream: false }),
  ],
  ['another endpoint', {}, (client, turn) => client.moderations.create({ model: 'e', input: `${turn}` })],
  ['a path that changes', {}, (client, turn) => client.post(`/own/${turn % 2}`, { body: { turn } })],
  ['a base URL that changes', {}, (client, turn) => at(client, { baseURL: `http://host-${turn % 2}/v1` })],
  ['a query', {}, (client, turn) => client.post('/own', { body: {}, query: { turn } })],
  ['a query of the client', { defaultQuery: { 'api-version': '1' } }, ask],
  ['an organization and a project', { organization: 'org', project: 'proj' }, ask],
  ['headers of the client', { defaultHeaders: { 'x-own': 'own', accept: null } }, ask],
  ['headers of the call', {}, (client, turn) => asking(client, { headers: { 'x-turn': String(turn) } })],
  ['a timeout of the call', {}, (client, turn) => asking(client, { timeout: 5_000 * turn })],
  ['the same timeout of each call', {}, (client) => asking(client, { timeout: 5_000 })],
  ['a signal', {}, (client) => asking(client, { signal: new AbortController().signal })],
  ['a key that changes', {}, (client, turn) => at(client, { apiKey: `key-${turn % 2}` })],
  ['a key from a function', { apiKey: keys() }, ask],
  [
    'an organization that changes',
    {},
    (client, turn) => at(client, { organization: turn === 1 ? null : `org-${turn}` }),
  ],
  ['a helper of the SDK', {}, (client) => client.chat.completions.parse(REQUEST)],
  ['a GET in between', {}, (client, turn) => (turn === 2 ? client.models.list() : ask(client, turn))],
  [
    'a body that is not JSON',
    {},
    (client, turn) => client.post('/x', { body: turn === 2 ? new Uint8Array([1]) : {} }),
  ],
  [
    'a body with toJSON()',
    {},
    (client, turn) => client.post('/x', { body: { toJSON: () => ({ turn }), when: new Date(turn) } }),
  ],
  ['an array as body', {}, (client, turn) => client.post('/x', { body: [turn] })],
  ['an idempotency key', {}, (client) => asking(client, { idempotencyKey: 'mine' })],
]

describe('the requests of calls of the same kind', () => {
  it.each(VARIANTS)('are the same as those of the SDK, with %s', async (_, settings, call) => {
    const [own, sdks] = [await requestsOf(Harbor, settings, call), await requestsOf(OpenAI, settings, call)]
    expect(own).toHaveLength(TURNS)
    expect(own).toEqual(sdks)
  })

  it('come from the hooks of a subclass, every time', async () => {
    class Own extends Harbor {
      turn = 0
      protected override async prepareOptions(options: { headers?: unknown }): Promise<void> {
        options.headers = { 'x-turn': String(++this.turn) }
      }
    }
    const fetch = scripted(json(COMPLETION))
    const own = new Own({ apiKey: 'key', fetch })
    onTestFinished(() => own.close())
    await times(4, () => ask(own, 1))
    // A request that had to wait since it was signed is signed again.
    const turns = fetch.calls.map(({ init }) => Number(new Headers(init.headers).get('x-turn')))
    expect(turns).toHaveLength(4)
    expect(new Set(turns).size).toBe(4)
    expect(Math.min(...turns)).toBeGreaterThan(0)
  })

  it('have Harbor as the client in their user agent', async () => {
    const fetch = scripted(json(COMPLETION))
    await ask(client({ fetch }), 1)
    expect(new Headers(fetch.calls[0]?.init.headers).get('user-agent')).toMatch(/^Harbor\/JS /)
  })

  it('have their own headers, which a fetch may change', async () => {
    const seen: Headers[] = []
    const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
      const headers = init?.headers as Headers
      seen.push(new Headers(headers))
      headers.set('x-changed', 'by the transport')
      return Response.json(COMPLETION)
    }
    const harbor = new Harbor({ apiKey: 'key', fetch })
    await times(5, () => ask(harbor, 1))
    expect(seen.map((headers) => headers.has('x-changed'))).toEqual([false, false, false, false, false])
    await harbor.close()
  })

  it('are logged by the SDK at level info', async () => {
    const lines: string[] = []
    const write = (line: string): void => void lines.push(line)
    const logger = { debug: write, info: write, warn: write, error: write }
    const harbor = client({ fetch: scripted(json(COMPLETION)), logger, logLevel: 'info' })
    await times(4, () => ask(harbor, 1))
    expect(lines.filter((line) => /post .* succeeded/i.test(line))).toHaveLength(4)
  })
})

describeFastPath('a request template', () => {
  it('is learned from two requests, and used by the client and its copies', async () => {
    const made = vi.spyOn(RequestTemplates.prototype, 'learn')
    onTestFinished(() => made.mockRestore())
    const fetch = scripted(json(COMPLETION))
    const harbor = client({ fetch })
    await times(6, () => ask(harbor, 1))
    await ask(harbor.withOptions({ maxRetries: 1 }), 1)
    expect(made).toHaveBeenCalledTimes(2)
    expect(fetch.calls).toHaveLength(7)
  })
})

describe('a call after two of the same kind', () => {
  const FAILURES: [what: string, answer: () => Response | Promise<Response>, call: Call, sent: number][] = [
    ['an error of the provider', refusal(400, 'bad', { 'x-request-id': 'req-1' }), ask, 1],
    ['a refused credential', refusal(401, 'invalid_api_key'), ask, 1],
    ['an overloaded provider', refusal(503, 'overloaded'), ask, 1],
    ['a broken connection', broken, ask, 1],
    [
      'a caller that has aborted',
      json(COMPLETION),
      (own) => asking(own, { signal: AbortSignal.abort('gone') }),
      0,
    ],
    [
      'a caller that aborts',
      () => new Promise(() => undefined),
      (own) => asking(own, { signal: AbortSignal.timeout(5) }),
      1,
    ],
    [
      'a provider that does not answer',
      () => new Promise(() => undefined),
      (own) => asking(own, { timeout: 20 }),
      1,
    ],
    [
      'a body that JSON cannot represent',
      json(COMPLETION),
      (own) => own.post('/chat/completions', { body: { n: 1n } }),
      0,
    ],
  ]

  it.each(FAILURES)('fails as a first call does, and is sent once: %s', async (_, answer, call, sent) => {
    const fetch = scripted(json(COMPLETION), json(COMPLETION), answer)
    const known = client({ fetch, maxRetries: 0 })
    await times(2, () => (sent === 0 ? ask(known, 1) : call(known, 1).catch(() => ask(known, 1))))
    const unknown = client({ fetch: scripted(answer), maxRetries: 0 })
    const errors = [await failureOf(call(known, 1)), await failureOf(call(unknown, 1))]
    expect(errors[0]).toBeInstanceOf(Error)
    expect(describeError(errors[0])).toEqual(describeError(errors[1]))
    expect(fetch.calls).toHaveLength(2 + sent)
  })

  it('is retried by Harbor only, and has its receipt', async () => {
    const fetch = scripted(json(COMPLETION), json(COMPLETION), refusal(503, 'overloaded'), json(COMPLETION))
    const harbor = client({ fetch, retry: { baseDelayMs: 1, maxDelayMs: 2 } })
    await times(2, () => ask(harbor, 1))
    const answer = await ask(harbor, 1)
    expect(receiptOf(answer)).toMatchObject({
      outcome: 'success',
      attempts: [{ status: 503 }, { status: 200 }],
    })
    expect(fetch.calls).toHaveLength(4)
  })

  it('has its raw response and the id of its request', async () => {
    const fetch = scripted(json(COMPLETION, { headers: { 'x-request-id': 'req-7' } }))
    const harbor = client({ fetch })
    await times(2, () => ask(harbor, 1))
    const { data, response, request_id } = await harbor.chat.completions.create(REQUEST).withResponse()
    expect({ data, request_id, status: response.status }).toMatchObject({
      data: { _request_id: 'req-7' },
      request_id: 'req-7',
      status: 200,
    })
  })
})

const TURNS = 5

/** The requests of consecutive calls, without `user-agent`, which contains the name of the class. */
async function requestsOf(Client: typeof OpenAI, settings: Settings, call: Call): Promise<unknown[]> {
  // An answer for chat and embeddings alike.
  const fetch = scripted(json({ ...COMPLETION, data: [{ object: 'embedding', index: 0, embedding: [1] }] }))
  const client = new Client({ apiKey: 'key', maxRetries: 0, logLevel: 'off', ...settings, fetch })
  for (let turn = 1; turn <= TURNS; turn++) await call(client, turn)
  return fetch.calls.map(({ url, init: { method, body, headers } }) => {
    const sent = new Headers(headers)
    sent.delete('user-agent')
    return { url, method, body, headers: Object.fromEntries(sent) }
  })
}

function client(options: HarborOptions): Harbor {
  const harbor = new Harbor({ apiKey: 'key', logLevel: 'off', ...options })
  onTestFinished(() => harbor.close())
  return harbor
}

async function times(count: number, task: () => Promise<unknown>): Promise<void> {
  for (let turn = 0; turn < count; turn++) await task()
}

/** An error and its cause. Deeper causes depend on which clock fired first, the SDK's or Harbor's. */
function describeError(error: unknown): object {
  return { ...factsOf(error), cause: error instanceof Error ? factsOf(error.cause) : undefined }
}

function factsOf(error: unknown): object {
  if (!(error instanceof Error)) return { error }
  const { name, message, constructor } = error
  const { status, code, requestID } = error as Partial<InstanceType<typeof OpenAI.APIError>>
  return { constructor, name, message, status, code, requestID }
}

/** The usual request with its own options. */
const asking = (client: OpenAI, options: OpenAI.RequestOptions): Promise<unknown> =>
  client.chat.completions.create(REQUEST, options)

/** The usual request after a change of the client's fields. */
function at(
  client: OpenAI,
  changes: Partial<Pick<OpenAI, 'apiKey' | 'baseURL' | 'organization'>>,
): Promise<unknown> {
  Object.assign(client, changes)
  return client.chat.completions.create(REQUEST)
}

function broken(): never {
  throw Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
  })
}

/** The same keys for both clients. */
function keys(): () => Promise<string> {
  let calls = 0
  return async () => `key-${(calls++ % TURNS) + 1}`
}
