import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What one answer of the server costs at the prices of `MODELS`. */
const USAGE = { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 }
const USD_PER_TOKEN = 1e-4
const PRICED = { price: { inputPerMillion: USD_PER_TOKEN * 1e6, outputPerMillion: USD_PER_TOKEN * 1e6 } }
export const MODELS = { m: PRICED, 'second/m': PRICED, 'steady/m': PRICED }

/** A provider without faults of its own, whose answers repeat the key and the question: `key|question`. */
export interface EchoServer extends AsyncDisposable {
  readonly baseURL: string
  /** What it has charged each key, in US dollars. */
  readonly charged: ReadonlyMap<string, number>
  connections(): Promise<number>
}

/**
 * A question that begins with `bad` is answered with 400, as the provider's word on its caller's request. `slow` takes a while. All others
 * are answered at once.
 */
export async function startEchoServer(): Promise<EchoServer> {
  const charged = new Map<string, number>()
  const server = createServer((request, response) => {
    void text(request)
      // A health check has no body: whatever it asks for, this server is well.
      .then((body) => answer(request, response, JSON.parse(body || '{}') as Body, charged))
      .catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    charged,
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Body {
  readonly stream?: boolean
  readonly input?: string | readonly string[]
  readonly prompt?: string
  readonly messages?: readonly { readonly content: string }[]
  readonly encoding_format?: string
}

async function answer(
  { url = '', headers }: IncomingMessage,
  response: ServerResponse,
  body: Body,
  charged: Map<string, number>,
): Promise<void> {
  const key =
    (headers['x-tenant'] as string | undefined) ?? headers.authorization?.slice('Bearer '.length) ?? 'nobody'
  const question =
    body.messages?.at(-1)?.content ?? body.prompt ?? (typeof body.input === 'string' ? body.input : '')
  if (question.startsWith('slow')) await new Promise((resolve) => setTimeout(resolve, 60))
  if (question.startsWith('bad')) {
    send(response, 400, { error: { message: 'This request makes no sense.', type: 'invalid_request_error' } })
    return
  }
  charged.set(key, (charged.get(key) ?? 0) + USAGE.total_tokens * USD_PER_TOKEN)
  const said = `${key}|${question}`
  if (url.endsWith('/embeddings')) send(response, 200, embeddings(body, key))
  else if (url.endsWith('/responses')) respond(response, body, responsesOf(said))
  else respond(response, body, url.endsWith('/chat/completions') ? chatOf(said) : completionOf(said))
}

interface Spoken {
  readonly json: object
  readonly events: readonly (readonly [name: string | undefined, data: object | string])[]
}

function chatOf(said: string): Spoken {
  const head = { id: 'c', created: 1, model: 'm' }
  const chunk = (delta: object, finish_reason: string | null = null, more = {}): object => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  })
  const [first, rest] = [said.slice(0, 3), said.slice(3)]
  return {
    json: {
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }],
      usage: USAGE,
    },
    events: [
      [undefined, chunk({ role: 'assistant', content: '' })],
      [undefined, chunk({ content: first })],
      [undefined, chunk({ content: rest })],
      [undefined, chunk({}, 'stop', { usage: USAGE })],
      [undefined, '[DONE]'],
    ],
  }
}

function completionOf(said: string): Spoken {
  const one = (text: string, finish_reason: string | null): object => ({
    id: 'c',
    object: 'text_completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, text, finish_reason, logprobs: null }],
    ...(finish_reason !== null && { usage: USAGE }),
  })
  return {
    json: one(said, 'stop'),
    events: [
      [undefined, one(said, null)],
      [undefined, one('', 'stop')],
      [undefined, '[DONE]'],
    ],
  }
}

function responsesOf(said: string): Spoken {
  const usage = {
    input_tokens: USAGE.prompt_tokens,
    output_tokens: USAGE.completion_tokens,
    total_tokens: USAGE.total_tokens,
  }
  const content = [{ type: 'output_text', text: said, annotations: [] }]
  const output = [{ type: 'message', id: 'i', role: 'assistant', status: 'completed', content }]
  const json = { id: 'r', object: 'response', created_at: 1, status: 'completed', model: 'm', output, usage }
  const delta = {
    type: 'response.output_text.delta',
    item_id: 'i',
    output_index: 0,
    content_index: 0,
    delta: said,
  }
  const events = [
    { type: 'response.created', response: { ...json, status: 'in_progress', output: [] } },
    delta,
    { type: 'response.completed', response: json },
  ].map((data, sequence_number) => [data.type, { ...data, sequence_number }] as const)
  return { json, events }
}

/** One vector for each text: its length, and a number made of the key. */
function embeddings({ input = [], encoding_format }: Body, key: string): object {
  const texts = typeof input === 'string' ? [input] : input
  const data = texts.map((said, index) => {
    const vector = Float32Array.of(said.length, numberOf(key))
    const embedding =
      encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  return {
    object: 'list',
    model: 'm',
    data,
    usage: { prompt_tokens: USAGE.total_tokens, total_tokens: USAGE.total_tokens },
  }
}

export function numberOf(key: string): number {
  return Buffer.from(key).reduce((sum, byte) => sum + byte, 0)
}

function respond(response: ServerResponse, { stream }: Body, { json, events }: Spoken): void {
  if (stream !== true) {
    send(response, 200, json)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const [name, data] of events) {
    const line = typeof data === 'string' ? data : JSON.stringify(data)
    response.write(`${name === undefined ? '' : `event: ${name}\n`}data: ${line}\n\n`)
  }
  response.end()
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
