import OpenAI from 'openai'
import type { HarborOptions } from '../../src/index.ts'
import { harborFetchFor, harborFor, HELLO } from './harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve, type TestServer, type UpstreamRequest } from './http-server.ts'

/** What a key is answered: a status, or a function that sends the answer. */
export type KeyAnswer =
  number | { readonly status: number; readonly headers?: Record<string, string>; readonly code?: string }

export interface KeyServer extends TestServer {
  /** What each key is answered; 200 for those that are not listed. It may change at any time. */
  readonly answers: Record<string, KeyAnswer>
  /** The keys of the requests so far. */
  readonly keys: () => string[]
}

export function keyOf({ headers }: UpstreamRequest): string {
  return (headers.authorization ?? String(headers['api-key'])).replace('Bearer ', '')
}

/** Starts a server whose answer depends on the key of the request. */
export async function serveByKey(
  answers: Record<string, KeyAnswer> = {},
  body: (request: UpstreamRequest) => unknown = answerTo,
): Promise<KeyServer> {
  const server = await serve((request, response) => {
    const given = answers[keyOf(request)] ?? 200
    const { status, headers = {}, code } = typeof given === 'number' ? { status: given } : given
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (status === 200) sendJson(response, body(request))
    else sendJson(response, { error: { message: 'no', code: code ?? null } }, status)
  })
  return { ...server, answers, keys: () => server.requests.map(keyOf) }
}

function answerTo({ path }: UpstreamRequest): unknown {
  if (path.endsWith('/responses'))
    return {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [] }],
    }
  if (path.endsWith('/embeddings'))
    return { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] }
  return path.endsWith('/chat/completions') ? CHAT_ANSWER : { id: 'file_1', object: 'file', data: [] }
}

/** A client that sends its calls to a provider with several keys. */
export interface KeyedClient {
  readonly client: OpenAI
  readonly model: string
}

/** The ways in which a call reaches a provider with several keys. */
export const WAYS: readonly {
  readonly name: string
  readonly open: (baseURL: string, apiKey: KeyList, options?: HarborOptions) => KeyedClient
}[] = [
  {
    name: 'the client’s own provider',
    open: (baseURL, apiKey, options) => ({
      client: harborFor(
        { baseURL },
        { apiKey: undefined, ...options, providers: { openai: { apiKey }, ...options?.providers } },
      ),
      model: 'gpt-4',
    }),
  },
  {
    name: 'another entry of the client',
    open: (baseURL, apiKey, options) => ({
      client: harborFor(
        { baseURL },
        { ...options, providers: { pool: { apiKey, baseURL }, ...options?.providers } },
      ),
      model: 'pool/gpt-4',
    }),
  },
  {
    name: 'another entry of createHarborFetch',
    open: (baseURL, apiKey, options) => {
      const fetch = harborFetchFor({
        ...options,
        providers: { pool: { apiKey, baseURL }, ...options?.providers },
      })
      return {
        client: new OpenAI({ apiKey: 'sdk', baseURL, fetch, maxRetries: 0, logLevel: 'off' }),
        model: 'pool/gpt-4',
      }
    },
  },
]

type KeyList = NonNullable<NonNullable<HarborOptions['providers']>[string]['apiKey']>

export const hello = (model: string, more: object = {}): typeof HELLO => ({ ...HELLO, model, ...more })
