import type OpenAI from 'openai'
import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { receiptOf, type Harbor } from '../src/index.ts'
import { harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { serve } from './helpers/http-server.ts'

type Typed = readonly [type: string, fields: object]
interface Kind {
  readonly name: string
  readonly open: (harbor: Harbor) => Promise<AsyncIterable<unknown>>
  readonly events: readonly Typed[]
}

const FILE = (): File => new File(['abc'], 'a.mp3')
const IMAGE = (): File => new File(['abc'], 'a.png', { type: 'image/png' })
const RESPONSE: readonly Typed[] = [
  ['response.created', { response: { id: 'resp_1', status: 'in_progress' } }],
  ['response.output_text.delta', { delta: 'Half of' }],
  ['response.completed', { response: { id: 'resp_1', status: 'completed', output: [] } }],
]
const picture = (kind: string): readonly Typed[] => [
  [`${kind}.partial_image`, { b64_json: 'AAAA', partial_image_index: 0 }],
  [`${kind}.completed`, { b64_json: 'AAAAAAAA', usage: { input_tokens: 3, output_tokens: 4 } }],
]

const KINDS: readonly Kind[] = [
  {
    name: 'a resumed response',
    open: (harbor) => harbor.responses.retrieve('resp_1', { stream: true, starting_after: 0 }),
    events: RESPONSE,
  },
  {
    name: 'a transcription',
    open: (harbor) => harbor.audio.transcriptions.create({ model: 'm', file: FILE(), stream: true }),
    events: [
      ['transcript.text.delta', { delta: 'Half of' }],
      ['transcript.text.done', { text: 'Half of it', usage: { input_tokens: 3, output_tokens: 4 } }],
    ],
  },
  {
    name: 'an image',
    open: (harbor) => harbor.images.generate({ model: 'm', prompt: 'x', stream: true, partial_images: 1 }),
    events: picture('image_generation'),
  },
  {
    name: 'an edited image',
    open: (harbor) => harbor.images.edit({ model: 'm', image: IMAGE(), prompt: 'x', stream: true }),
    events: picture('image_edit'),
  },
  {
    name: 'a response at a path of a gateway',
    open: (harbor) =>
      harbor.post('/agents/run', { body: { input: 'x', stream: true }, stream: true }) as Streamed,
    events: RESPONSE,
  },
]
type Streamed = Promise<AsyncIterable<unknown>>

const write = ([type, fields]: Typed): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

interface Outcome {
  readonly items: readonly unknown[]
  readonly error: unknown
}

async function read(stream: Streamed): Promise<Outcome> {
  const items: unknown[] = []
  try {
    for await (const item of await stream) items.push(item)
    return { items, error: undefined }
  } catch (error) {
    return { items, error }
  }
}

/** A server that sends these events, and then ends its body as the test says. */
async function streaming(
  texts: readonly string[],
  end: (response: ServerResponse) => void = (response) => response.end(),
  type = 'text/event-stream',
) {
  return serve((_request, response) => {
    response.writeHead(200, { 'content-type': type })
    // An end before the bytes have left would take them back.
    response.write(texts.join(''), () => setTimeout(() => end(response), 20))
  })
}

beforeEach(timeInTurns)

describe.each(KINDS)('$name', ({ open, events }) => {
  const whole = events.map(write)
  const half = whole.slice(0, -1)
  const items = events.map(([type, fields]) => ({ type, ...fields }))

  it('reaches its reader whole, whatever its label', async () => {
    for (const type of ['text/event-stream', 'application/json', 'text/plain']) {
      const { baseURL, requests } = await streaming(whole, undefined, type)
      expect(await read(open(harborFor({ baseURL })))).toEqual({ items, error: undefined })
      expect(requests).toHaveLength(1)
    }
  })

  it('ends in an error when it ends early, however it does', async () => {
    for (const end of [undefined, (response: ServerResponse) => response.socket?.destroy()]) {
      const { baseURL, requests } = await streaming(half, end)
      const outcome = await read(open(harborFor({ baseURL })))
      expect(outcome).toMatchObject({ items: items.slice(0, -1), error: { code: 'stream_incomplete' } })
      expect(requests).toHaveLength(1)
    }
  })

  it('is ended by the idle clock when it is silent', async () => {
    const { baseURL } = await streaming(half, () => undefined)
    const outcome = await read(open(harborFor({ baseURL }, { timeouts: { idleMs: 50 } })))
    expect(outcome).toMatchObject({ items: items.slice(0, -1), error: { code: 'stream_stalled' } })
  })
})

describe('the stream of a run of an assistant', () => {
  const events = [
    ['thread.run.created', { id: 'run_1', object: 'thread.run', status: 'queued' }],
    ['thread.message.delta', { id: 'msg_1', object: 'thread.message.delta', delta: { content: [] } }],
    ['thread.run.completed', { id: 'run_1', object: 'thread.run', status: 'completed' }],
  ] as const
  const written = events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  const open = (harbor: OpenAI): Streamed =>
    harbor.beta.threads.runs.create('thread_1', { assistant_id: 'a', stream: true }) as Streamed
  const items = events.map(([event, data]) => ({ event, data }))

  it('comes with the names of its events, and must be complete', async () => {
    const whole = await streaming([...written, 'event: done\ndata: [DONE]\n\n'])
    expect(await read(open(harborFor(whole)))).toEqual({ items, error: undefined })
    const half = await streaming(written.slice(0, 2))
    expect(await read(open(harborFor(half)))).toMatchObject({
      items: items.slice(0, 2),
      error: { code: 'stream_incomplete' },
    })
  })

  it('is not requested again when it breaks off at once', async () => {
    const { baseURL, requests } = await streaming([': hello\n\n'], (response) => response.socket?.destroy())
    expect((await read(open(harborFor({ baseURL })))).error).toBeDefined()
    expect(requests).toHaveLength(1)
  })
})

describe('a stream that Harbor does not know', () => {
  const ask = (baseURL: string): readonly [string, RequestInit] => [
    `${baseURL}/custom`,
    { method: 'POST', body: '{}' },
  ]

  it('passes through byte for byte, and an orderly end completes it', async () => {
    const texts = [': hi\n\n', 'event: tick\ndata: {"n":1}\n\n', 'data: not json\n\n', 'data: [1]\n\n']
    const { baseURL } = await streaming(texts)
    const response = await harborFetchFor()(...ask(baseURL))
    expect(await response.text()).toBe(texts.join(''))
    expect(receiptOf(response)?.outcome).toBe('success')
  })

  it('ends in an error event when its connection breaks', async () => {
    const { baseURL } = await streaming(['data: {"n":1}\n\n'], (response) => response.socket?.destroy())
    const response = await harborFetchFor()(...ask(baseURL))
    const [first, last] = (await response.text()).split('\n\n')
    expect(first).toBe('data: {"n":1}')
    expect(last).toMatch(/^event: error\ndata: .*"code":"stream_incomplete"/)
    expect(receiptOf(response)?.outcome).toBe('failure')
  })
})

describe('what is no stream', () => {
  it('of an endpoint that Harbor does not know passes through as it is, JSON and bytes', async () => {
    const body = 'data: this is a text file\n\n'
    const { baseURL } = await streaming([body], undefined, 'application/octet-stream')
    expect(await (await harborFetchFor()(`${baseURL}/files/f/content`)).text()).toBe(body)
    const json = await streaming(['{"data":', '[1]}'], undefined, 'application/json')
    expect(await (await harborFetchFor()(`${json.baseURL}/x?stream=true`)).json()).toEqual({ data: [1] })
  })
})

describe('a subscription of an endpoint that Harbor does not know', () => {
  it('opens before its first event, which may come much later', async () => {
    let send: ((text: string) => void) | undefined
    const upstream = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      send = (text) => void response.end(text)
    })
    const response = await harborFetchFor({})(`${upstream.baseURL}/sessions/1/events/stream`)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const text = 'event: x\ndata: {"type":"x","error":"of the tool"}\n\n'
    send?.(text)
    expect(await response.text()).toBe(text)
  })
})

describe('an event with an error that says that it is something else', () => {
  const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`
  const post = async (...events: readonly object[]): Promise<string> => {
    const { baseURL } = await streaming(events.map(event))
    const response = await harborFetchFor({})(`${baseURL}/agents/run`, { method: 'POST', body: '{}' })
    return response.text()
  }

  it('is passed on, as are the events after it', async () => {
    const events = [{ type: 'step' }, { type: 'tool.result', error: { message: 'no file' } }, { type: 'end' }]
    expect(await post(...events)).toBe(events.map(event).join(''))
  })

  it.each([
    { error: { message: 'down' } },
    { type: 'error', error: { message: 'down' } },
    { type: 'run.failed', error: { message: 'down' } },
  ])('is the end of the stream otherwise: %j', async (failed) => {
    expect(await post({ type: 'step' }, failed, { type: 'late' })).not.toContain('late')
  })
})

describe('the download of a file', () => {
  it.each([
    'files/f1/content',
    'containers/c/files/f/content',
    'files/f1:download?alt=media',
    'batches/b/results',
  ])('of JSON comes byte for byte: %s', async (path) => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, ...Buffer.from('{"id": 12345678901234567890}'), 0xff])
    const upstream = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(bytes)
    })
    const response = await harborFetchFor({})(`${upstream.baseURL}/${path}`)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes)
  })
})
