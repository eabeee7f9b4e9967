import type { SimulatedProvider } from '@harbor/simulator'
import OpenAI from 'openai'
import { receiptOf, type HarborFetchOptions, type Receipt } from '../../src/index.ts'
import { harborFetchFor, harborFor } from './harbor-for.ts'

export type Api = 'chat' | 'responses'

/** The result of one call, in the same form for all three clients. */
export interface Reading {
  /** The data of every event that reached the reader, parsed; of an answer that is no stream, the answer. */
  readonly chunks: readonly unknown[]
  /** What the reader got instead of a complete answer. */
  readonly error: unknown
  readonly receipt: Receipt | undefined
  /** The target that served the call, from the answer's headers. */
  readonly servedBy: string | undefined
}

/** A client that makes calls through Harbor's pipeline and reads the whole answer. */
export interface Client {
  readonly name: string
  /** @param model names the call for the script of the simulated provider */
  stream(api: Api, model: string): Promise<Reading>
  ask(api: Api, model: string): Promise<Reading>
}

/** The three ways into the pipeline: `Harbor`, the SDK over `createHarborFetch`, and plain `fetch`. */
export const CLIENTS: readonly {
  readonly name: string
  readonly make: (provider: SimulatedProvider, options?: HarborFetchOptions) => Client
}[] = [
  {
    name: 'Harbor',
    make: (provider, options) => sdkClient('Harbor', harborFor(provider, options)),
  },
  {
    name: 'the SDK over createHarborFetch',
    make: (provider, options) => {
      const fetch = harborFetchFor(options)
      const { baseURL } = provider
      const client = new OpenAI({ apiKey: 'test-key', baseURL, fetch, maxRetries: 0, logLevel: 'off' })
      return sdkClient('the SDK over createHarborFetch', client)
    },
  },
  { name: 'plain fetch', make: fetchClient },
]

/** The first of them alone, which is enough for most tests. */
export function harborClient(provider: { readonly baseURL: string }, options?: HarborFetchOptions): Client {
  return sdkClient('Harbor', harborFor(provider, options))
}

const QUESTION = {
  chat: { messages: [{ role: 'user' as const, content: 'Hi.' }] },
  responses: { input: 'Hi.' },
}

function sdkClient(name: string, client: OpenAI): Client {
  function create(api: Api, model: string, stream: boolean) {
    return api === 'chat'
      ? client.chat.completions.create({ model, ...QUESTION.chat, stream })
      : client.responses.create({ model, ...QUESTION.responses, stream })
  }
  async function read(api: Api, model: string, streaming: boolean): Promise<Reading> {
    const chunks: unknown[] = []
    let receipt: Receipt | undefined
    let error: unknown
    let headers: Headers | undefined
    try {
      const { data, response } = await create(api, model, streaming).withResponse()
      receipt = receiptOf(response)
      headers = response.headers
      if (Symbol.asyncIterator in data) for await (const chunk of data) chunks.push(chunk)
      else chunks.push(data)
    } catch (thrown) {
      error = thrown
      receipt ??= receiptOf(thrown)
      headers ??= thrown instanceof OpenAI.APIError ? thrown.headers : undefined
    }
    await closed(receipt)
    return { chunks, error, receipt, servedBy: servedBy(headers) }
  }
  return {
    name,
    stream: (api, model) => read(api, model, true),
    ask: (api, model) => read(api, model, false),
  }
}

function fetchClient(provider: SimulatedProvider, options?: HarborFetchOptions): Client {
  const fetch = harborFetchFor(options)
  async function read(api: Api, model: string, streaming: boolean): Promise<Reading> {
    const response = await fetch(`${provider.baseURL}/${api === 'chat' ? 'chat/completions' : 'responses'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, ...QUESTION[api], stream: streaming }),
    })
    const text = await response.text()
    const receipt = receiptOf(response)
    await closed(receipt)
    const common = { receipt, servedBy: servedBy(response.headers) }
    if (!response.ok) return { chunks: [], error: { status: response.status, ...errorIn(text) }, ...common }
    return streaming
      ? { ...eventsIn(text), ...common }
      : { chunks: [JSON.parse(text)], error: undefined, ...common }
  }
  return {
    name: 'plain fetch',
    stream: (api, model) => read(api, model, true),
    ask: (api, model) => read(api, model, false),
  }
}

/** The server-sent events of a body, up to the first error event. */
function eventsIn(body: string): Pick<Reading, 'chunks' | 'error'> {
  const chunks: unknown[] = []
  for (const event of body.split(/\r?\n\r?\n/)) {
    const data = /^data: (.*)$/m.exec(event)?.[1]
    if (data === undefined || data === '[DONE]') continue
    const chunk = JSON.parse(data) as { type?: string; error?: object }
    if (chunk.type === 'error' || chunk.error) return { chunks, error: chunk.error ?? chunk }
    chunks.push(chunk)
  }
  return { chunks, error: undefined }
}

function servedBy(headers: Headers | undefined): string | undefined {
  return headers?.get('x-harbor-target') ?? undefined
}

function errorIn(body: string): object {
  return (JSON.parse(body) as { error: object }).error
}

/** Waits until the receipt is closed, shortly after the reader has left the stream. Fails the test if it stays open. */
async function closed(receipt: Receipt | undefined): Promise<void> {
  for (let turns = 0; receipt?.outcome === 'pending'; turns++) {
    if (turns === 5_000) throw new Error('The stream has ended, and its receipt stays open.')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
