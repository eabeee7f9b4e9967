import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { Harbor } from '../src/index.ts'
import { COMPLETION, json, REQUEST, scripted } from './sdks.ts'

type Settings = ConstructorParameters<typeof OpenAI>[0]
type Call = (client: OpenAI, turn: number) => Promise<unknown>

const ask: Call = (client) => client.chat.completions.create(REQUEST)

/** What goes into the headers of a call, each as it may change from one call to the next. */
const VARIANTS: [what: string, settings: Settings, call: Call][] = [
  ['nothing more', {}, ask],
  ['an organization and a project', { organization: 'org', project: 'proj' }, ask],
  ['headers of the client', { defaultHeaders: { 'x-own': 'own', accept: null } }, ask],
  [
    'headers of the call',
    {},
    (client, turn) => client.chat.completions.create(REQUEST, { headers: { 'x-turn': String(turn) } }),
  ],
  [
    'a timeout of the call',
    {},
    (client, turn) => client.chat.completions.create(REQUEST, { timeout: 5_000 * turn }),
  ],
  [
    'a credential that changes',
    {},
    (client, turn) => {
      client.apiKey = `key-${turn}`
      return ask(client, turn)
    },
  ],
  ['a credential that is asked for', { apiKey: keys() }, ask],
  [
    'an organization that changes',
    {},
    (client, turn) => {
      client.organization = turn === 1 ? null : `org-${turn}`
      return ask(client, turn)
    },
  ],
  ['a helper of the SDK', {}, (client) => client.chat.completions.parse(REQUEST)],
  ['another kind of call', {}, (client, turn) => (turn === 2 ? client.models.list() : ask(client, turn))],
  [
    'a body that is no JSON',
    {},
    (client, turn) => client.post('/x', { body: turn === 2 ? new Uint8Array([1]) : {} }),
  ],
  ['an idempotency key', {}, (client) => client.chat.completions.create(REQUEST, { idempotencyKey: 'mine' })],
]

describe('the headers of a call, which are put together once for its kind', () => {
  it.each(VARIANTS)('are those of the SDK, every time, with %s', async (_, settings, call) => {
    const [own, sdks] = [await headersOf(Harbor, settings, call), await headersOf(OpenAI, settings, call)]
    expect(own).toHaveLength(3)
    expect(own).toEqual(sdks)
  })

  it('belong to their call alone', async () => {
    const seen: Headers[] = []
    const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
      const headers = init?.headers as Headers
      seen.push(new Headers(headers))
      headers.set('x-changed', 'by the transport')
      return Response.json(COMPLETION)
    }
    const harbor = new Harbor({ apiKey: 'key', fetch })
    for (let turn = 0; turn < 3; turn++) await ask(harbor, turn)
    expect(seen.map((headers) => headers.has('x-changed'))).toEqual([false, false, false])
    await harbor.close()
  })
})

/** What three calls sent, one after the other; the SDK names the class of its client in `user-agent`. */
async function headersOf(Client: typeof OpenAI, settings: Settings, call: Call): Promise<unknown[]> {
  const fetch = scripted(json(COMPLETION))
  const client = new Client({ apiKey: 'key', maxRetries: 0, logLevel: 'off', ...settings, fetch })
  for (let turn = 1; turn <= 3; turn++) await call(client, turn)
  return fetch.calls.map(({ init }) => {
    const headers = new Headers(init.headers)
    headers.delete('user-agent')
    return Object.fromEntries(headers)
  })
}

/** Gives the same keys to both clients. */
function keys(): () => Promise<string> {
  let asked = 0
  return async () => `key-${(asked++ % 3) + 1}`
}
