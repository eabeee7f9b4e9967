import OpenAI from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Harbor, receiptOf, type HarborOptions } from '../src/index.ts'
import { KnownRequests } from '../src/openai-sdk/request-templates.ts'
import { failureOf } from './failing.ts'
import { COMPLETION, json, refusal, REQUEST, scripted } from './sdks.ts'

type Settings = ConstructorParameters<typeof OpenAI>[0]
type Call = (client: OpenAI, turn: number) => Promise<unknown>

const ask: Call = (client) => client.chat.completions.create(REQUEST)

/** What goes into a request, each as it may change from one call to the next. */
const VARIANTS: [what: string, settings: Settings, call: Call][] = [
  ['nothing more', {}, ask],
  [
    'a question of its own',
    {},
    (client, turn) =>
      client.chat.completions.create({ ...REQUEST, safety_identifier: `ü${turn}`, stream: false }),
  ],
  ['another endpoint', {}, (client, turn) => client.moderations.create({ model: 'e', input: `${turn}` })],
  ['an address of its own', {}, (client, turn) => client.post(`/own/${turn % 2}`, { body: { turn } })],
  ['an address that changes', {}, (client, turn) => at(client, { baseURL: `http://host-${turn % 2}/v1` })],
  ['a query', {}, (client, turn) => client.post('/own', { body: {}, query: { turn } })],
  ['a query of the client', { defaultQuery: { 'api-version': '1' } }, ask],
  ['an organization and a project', { organization: 'org', project: 'proj' }, ask],
  ['headers of the client', { defaultHeaders: { 'x-own': 'own', accept: null } }, ask],
  ['headers of the call', {}, (client, turn) => asking(client, { headers: { 'x-turn': String(turn) } })],
  ['a timeout of the call', {}, (client, turn) => asking(client, { timeout: 5_000 * turn })],
  ['a timeout of its kind', {}, (client) => asking(client, { timeout: 5_000 })],
  ['a signal', {}, (client) => asking(client, { signal: new AbortController().signal })],
  ['a credential that changes', {}, (client, turn) => at(client, { apiKey: `key-${turn % 2}` })],
  ['a credential that is asked for', { apiKey: keys() }, ask],
  [
    'an organization that changes',
    {},
    (client, turn) => at(client, { organization: turn === 1 ? null : `org-${turn}` }),
  ],
  ['a helper of the SDK', {}, (client) => client.chat.completions.parse(REQUEST)],
  ['another kind of call', {}, (client, turn) => (turn === 2 ? client.models.list() : ask(client, turn))],
  [
    'a body that is no JSON',
    {},
    (client, turn) => client.post('/x', { body: turn === 2 ? new Uint8Array([1]) : {} }),
  ],
  [
    'a body that writes itself',
    {},
    (client, turn) => client.post('/x', { body: { toJSON: () => ({ turn }), when: new Date(turn) } }),
  ],
  ['a list for a body', {}, (client, turn) => client.post('/x', { body: [turn] })],
  ['an idempotency key', {}, (client) => asking(client, { idempotencyKey: 'mine' })],
]

describe('the requests of a call, which the SDK makes twice for its kind', () => {
  it.each(VARIANTS)('are those of the SDK, every time, with %s', async (_, settings, call) => {
    const [own, sdks] = [await requestsOf(Harbor, settings, call), await requestsOf(OpenAI, settings, call)]
    expect(own).toHaveLength(TURNS)
    expect(own).toEqual(sdks)
  })

  it('are known after that, to the client and its copies', async () => {
    const made = vi.spyOn(KnownRequests.prototype, 'learn')
    onTestFinished(() => made.mockRestore())
    const fetch = scripted(json(COMPLETION))
    const harbor = client({ fetch })
    await times(6, () => ask(harbor, 1))
    await ask(harbor.withOptions({ maxRetries: 1 }), 1)
    expect(made).toHaveBeenCalledTimes(2)
    expect(fetch.calls).toHaveLength(7)
  })

  it('are asked for every time when the SDK makes something else of the same', async () => {
    const { buildRequest } = OpenAI.prototype
    let made = 0
    const nonces = vi.spyOn(OpenAI.prototype, 'buildRequest').mockImplementation(async function (
      this: OpenAI,
      ...given
    ) {
      const built = await buildRequest.apply(this, given)
      ;(built.req.headers as Headers).set('x-nonce', String(++made))
      return built
    })
    onTestFinished(() => nonces.mockRestore())
    const fetch = scripted(json(COMPLETION))
    const harbor = client({ fetch })
    await times(5, () => ask(harbor, 1))
    const sent = fetch.calls.map(({ init }) => new Headers(init.headers).get('x-nonce'))
    expect(sent).toEqual(['1', '2', '3', '4', '5'])
  })

  it('are asked for every time by a class of a user, whose hooks are called', async () => {
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
    expect(fetch.calls.map(({ init }) => new Headers(init.headers).get('x-turn'))).toEqual([
      '1',
      '2',
      '3',
      '4',
    ])
  })

  it.each([
    'prepareOptions',
    'prepareRequest',
    'buildRequest',
    'fetchWithTimeout',
    'authHeaders',
    'buildHeaders',
    'fetch',
  ])(
    'go through a hook that is set on the client: %s is called for each call, also of a copy that has its own',
    async (name) => {
      const harbor = client({ fetch: scripted(json(COMPLETION)) })
      await times(3, () => ask(harbor, 1))
      let called = 0
      const watch = (of: Harbor): void => {
        const methods = of as unknown as Record<string, (...given: unknown[]) => unknown>
        const found = methods[name]
        methods[name] = (...given) => {
          called++
          return found?.apply(of, given)
        }
      }
      watch(harbor)
      await times(5, () => ask(harbor, 1))
      expect(called).toBe(5)
      const copy = harbor.withOptions({ maxRetries: 1 })
      if (name !== 'fetch') watch(copy)
      await times(5, () => ask(copy, 1))
      expect(called).toBe(10)
    },
  )

  it('go through a hook that is set for all clients, for as long as it is', async () => {
    const harbor = client({ fetch: scripted(json(COMPLETION)) })
    await times(3, () => ask(harbor, 1))
    const made = vi.spyOn(OpenAI.prototype, 'buildRequest')
    await times(3, () => ask(harbor, 1))
    expect(made).toHaveBeenCalledTimes(3)
    made.mockRestore()
  })

  it('name the client Harbor', async () => {
    const fetch = scripted(json(COMPLETION))
    await ask(client({ fetch }), 1)
    expect(new Headers(fetch.calls[0]?.init.headers).get('user-agent')).toMatch(/^Harbor\/JS /)
  })

  it('belong to their call alone, whatever becomes of their headers', async () => {
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

  it('are logged by the SDK all the same, for who wants to see them', async () => {
    const lines: string[] = []
    const write = (line: string): void => void lines.push(line)
    const logger = { debug: write, info: write, warn: write, error: write }
    const harbor = client({ fetch: scripted(json(COMPLETION)), logger, logLevel: 'info' })
    await times(4, () => ask(harbor, 1))
    expect(lines.filter((line) => /post .* succeeded/i.test(line))).toHaveLength(4)
  })
})

describe('a call whose request is known', () => {
  const FAILURES: [what: string, answer: () => Response | Promise<Response>, call: Call, sent: number][] = [
    ['an error of the provider', refusal(400, 'bad', { 'x-request-id': 'req-1' }), ask, 1],
    ['a refused credential', refusal(401, 'invalid_api_key'), ask, 1],
    ['an overloaded provider', refusal(503, 'overloaded'), ask, 1],
    ['a broken connection', broken, ask, 1],
    [
      'a caller who has left',
      json(COMPLETION),
      (own) => asking(own, { signal: AbortSignal.abort('gone') }),
      0,
    ],
    [
      'a caller who leaves',
      () => new Promise(() => undefined),
      (own) => asking(own, { signal: AbortSignal.timeout(5) }),
      1,
    ],
    [
      'a provider that is silent',
      () => new Promise(() => undefined),
      (own) => asking(own, { timeout: 20 }),
      1,
    ],
    [
      'a body that JSON cannot carry',
      json(COMPLETION),
      (own) => own.post('/chat/completions', { body: { n: 1n } }),
      0,
    ],
  ]

  it.each(FAILURES)(
    'fails as it would by the way of the SDK, and is sent once: %s',
    async (_, answer, call, sent) => {
      const fetch = scripted(json(COMPLETION), json(COMPLETION), answer)
      const known = client({ fetch, maxRetries: 0 })
      await times(2, () => (sent === 0 ? ask(known, 1) : call(known, 1).catch(() => ask(known, 1))))
      const unknown = client({ fetch: scripted(answer), maxRetries: 0 })
      const errors = [await failureOf(call(known, 1)), await failureOf(call(unknown, 1))]
      expect(errors[0]).toBeInstanceOf(Error)
      expect(told(errors[0])).toEqual(told(errors[1]))
      expect(fetch.calls).toHaveLength(2 + sent)
    },
  )

  it('is retried by Harbor alone, and has its receipt', async () => {
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

  it('has the raw response and the id of its request', async () => {
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

/** What some calls sent, one after the other; the SDK names the class of its client in `user-agent`. */
async function requestsOf(Client: typeof OpenAI, settings: Settings, call: Call): Promise<unknown[]> {
  // An answer to all that is asked: of chat, and of embeddings.
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

/** An error and its cause. What lies deeper tells by which of two clocks, the SDK's or ours, the time was up. */
function told(error: unknown): object {
  return { ...factsOf(error), cause: error instanceof Error ? factsOf(error.cause) : undefined }
}

function factsOf(error: unknown): object {
  if (!(error instanceof Error)) return { error }
  const { name, message, constructor } = error
  const { status, code, requestID } = error as Partial<InstanceType<typeof OpenAI.APIError>>
  return { constructor, name, message, status, code, requestID }
}

/** The usual question with options of its own. */
const asking = (client: OpenAI, options: OpenAI.RequestOptions): Promise<unknown> =>
  client.chat.completions.create(REQUEST, options)

/** The usual question after something of the client was changed. */
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

/** Gives the same keys to both clients. */
function keys(): () => Promise<string> {
  let asked = 0
  return async () => `key-${(asked++ % TURNS) + 1}`
}
