/* eslint-disable @typescript-eslint/no-deprecated -- a Response reads forms, whatever Node recommends to servers */
import zlib from 'node:zlib'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { startPool, statsOf } from './pool.ts'
import { collect } from './collect.ts'
import { bodyOf, startServer, type Handler, type TestServer } from './server.ts'

const words = ['Hello', ' dear', ' world']
const sse = (events: readonly unknown[], end = ''): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('') + end

const chunk = (delta: object, finish_reason: string | null = null): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
})
const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 },
}
const completionStream = sse(
  [...words.map((content) => chunk({ content })), chunk({}, 'stop')],
  'data: [DONE]\n\n',
)

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: words.join('') }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 3 },
}
const messageStream = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...words.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join('')

/** Answers as both providers do, with all encodings that the client accepts in turn. Model `stuck` never ends, `limited` is refused. */
const provider: Handler = async (request, response) => {
  if (request.url === '/v1/files') {
    const type = request.headers['content-type'] ?? ''
    const form = await new Response(await bodyOf(request), { headers: { 'content-type': type } }).formData()
    const upload = form.get('file') as File
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        id: 'file-1',
        filename: upload.name,
        bytes: upload.size,
        purpose: form.get('purpose'),
      }),
    )
    return
  }
  const { model, stream } = JSON.parse((await bodyOf(request)).toString()) as {
    model: string
    stream?: boolean
  }
  const anthropic = request.url === '/v1/messages'
  if (model === 'limited') {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' })
    response.end(JSON.stringify({ type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }))
  } else if (model === 'stuck') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(
      anthropic
        ? messageStream
            .split(/(?<=\n\n)/)
            .slice(0, 3)
            .join('')
        : sse([chunk({ content: words[0] })]),
    )
  } else if (stream === true) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const part of (anthropic ? messageStream : completionStream).match(/[^]{1,50}/g) ?? [])
      response.write(part)
    response.end()
  } else {
    const json = JSON.stringify(anthropic ? message : completion)
    const [encoding, bytes] = encoded(json)
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bytes)
  }
}

let turn = 0
function encoded(text: string): [encoding: string, bytes: Buffer] {
  const ways: [string, (text: string) => Buffer][] = [
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['zstd', zlib.zstdCompressSync],
    ['identity', (plain) => Buffer.from(plain)],
  ]
  const [encoding, encode] = ways[turn++ % ways.length] ?? []
  return [encoding ?? 'identity', encode?.(text) ?? Buffer.from(text)]
}

interface Sdk {
  ask: (model: string) => Promise<string | undefined>
  stream: (model: string, signal?: AbortSignal) => AsyncIterable<string>
}
type Fetch = ReturnType<typeof startPool>['fetch']

const sdks: Record<string, (url: string, fetch: Fetch) => Sdk> = {
  openai: (url, fetch) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', fetch, maxRetries: 0 })
    const ask = (model: string) => ({ model, messages: [{ role: 'user' as const, content: 'Hi' }] })
    return {
      ask: async (model) =>
        (await client.chat.completions.create(ask(model))).choices[0]?.message.content ?? undefined,
      async *stream(model, signal) {
        const events = await client.chat.completions.create({ ...ask(model), stream: true }, { signal })
        for await (const event of events) yield event.choices[0]?.delta.content ?? ''
      },
    }
  },
  'the AI SDK': (url, fetch) => {
    const model = (name: string) => createOpenAI({ baseURL: `${url}/v1`, apiKey: 'k', fetch }).chat(name)
    return {
      ask: async (name) => (await generateText({ model: model(name), prompt: 'Hi', maxRetries: 0 })).text,
      async *stream(name, abortSignal) {
        const { stream } = streamText({
          model: model(name),
          prompt: 'Hi',
          maxRetries: 0,
          ...(abortSignal ? { abortSignal } : {}),
          onError: () => undefined,
        })
        for await (const part of stream) {
          if (part.type === 'text-delta') yield part.text
          if (part.type === 'error') throw part.error
          if (part.type === 'abort') throw new Error('aborted')
        }
      },
    }
  },
  Anthropic: (url, fetch) => {
    const client = new Anthropic({ baseURL: url, apiKey: 'k', fetch, maxRetries: 0 })
    const ask = (model: string) => ({
      model,
      max_tokens: 9,
      messages: [{ role: 'user' as const, content: 'Hi' }],
    })
    return {
      ask: async (model) => {
        const [block] = (await client.messages.create(ask(model))).content
        return block?.type === 'text' ? block.text : undefined
      },
      async *stream(model, signal) {
        for await (const event of client.messages.stream(ask(model), { signal: signal ?? null })) {
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
            yield event.delta.text
        }
      },
    }
  },
  LangChain: (url, fetch) => {
    const model = (name: string) =>
      new ChatOpenAI({
        model: name,
        apiKey: 'k',
        maxRetries: 0,
        configuration: { baseURL: `${url}/v1`, fetch },
      })
    return {
      ask: async (name) => (await model(name).invoke('Hi')).text,
      async *stream(name, signal) {
        for await (const part of await model(name).stream('Hi', signal ? { signal } : {})) yield part.text
      },
    }
  },
}

describe.each(Object.entries(sdks))('%s on pool.fetch', (_name, makeSdk) => {
  async function start(): Promise<{ server: TestServer; pool: ReturnType<typeof startPool>; sdk: Sdk }> {
    const server = await startServer(provider)
    const pool = startPool()
    return { server, pool, sdk: makeSdk(server.url, pool.fetch) }
  }

  it('gets JSON in every encoding over one connection', async () => {
    const { server, sdk } = await start()
    for (let call = 0; call < 4; call++) expect(await sdk.ask('m')).toBe('Hello dear world')
    expect(server.opened).toBe(1)
  })

  it('gets a stream', async () => {
    const { pool, sdk } = await start()
    expect((await collect(sdk.stream('m'))).join('')).toBe('Hello dear world')
    expect(statsOf(pool).busy).toBe(0)
  })

  it('gets a 429 as its own error', async () => {
    const { sdk } = await start()
    const error: unknown = await sdk.ask('limited').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    const { status, statusCode } = error as { status?: number; statusCode?: number }
    expect(status ?? statusCode).toBe(429)
  })

  it('can abort a stream, which releases its connection', async () => {
    const { pool, sdk } = await start()
    const caller = new AbortController()
    const reading = (async () => {
      for await (const text of sdk.stream('stuck', caller.signal)) if (text !== '') caller.abort()
    })()
    await reading.catch(() => undefined)
    await expect.poll(() => statsOf(pool).open).toBe(0)
  })

  it('gets its own error if there is no server', async () => {
    const sdk = makeSdk('http://127.0.0.1:9', startPool().fetch)
    await expect(sdk.ask('m')).rejects.toThrow(/connect|fetch failed/i)
  })
})

describe('the OpenAI SDK', () => {
  it('uploads a file', async () => {
    const { url } = await startServer(provider)
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', fetch: startPool().fetch, maxRetries: 0 })
    const file = await client.files.create({ file: new File(['{"a":1}\n'], 'in.jsonl'), purpose: 'batch' })
    expect(file).toMatchObject({ id: 'file-1', filename: 'in.jsonl', bytes: 8, purpose: 'batch' })
  })

  it('treats a deadline of the pool as a timeout', async () => {
    const { url } = await startServer(() => undefined)
    const { fetch } = startPool({ headersTimeoutMs: 20 })
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', fetch, maxRetries: 0 })
    await expect(client.models.list()).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError)
  })
})
