import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { Harbor, receiptOf } from '../src/index.ts'
import { harborFetchFor } from './helpers/harbor-for.ts'

type Api = 'chat' | 'responses'

/** Ways to frame an event that mean the same, and things between events that mean nothing. */
const frame = fc.record({
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  colon: fc.constantFrom(':', ': ', ':  '),
  before: fc.constantFrom('', 'id: 7\n', 'retry: 10\n', ': note\n', 'event: message\n', 'x: y\n', '  '),
  lines: fc.boolean(),
})
type Frame = typeof frame extends fc.Arbitrary<infer Value> ? Value : never
const nothing = fc.constantFrom(
  '',
  '',
  ': ping\n\n',
  'data:\n\n',
  'data: \n\n',
  'event: ping\n\n',
  'data: {}\n\n',
  '\n\n',
  'retry: 1\n\n',
)
const done = fc.constantFrom(
  '',
  'data: [DONE]\n\n',
  'data: [DONE] \n\n',
  'data:[DONE]\n\n',
  'data: [done]',
  'data: oops\n\n',
  '{"half',
)
const text = fc.string({
  unit: fc.constantFrom('a', ' ', 'ü', '😀', '\n', '"', '\\', '{', '}', 'data: ', '\u2028'),
  minLength: 1,
  maxLength: 6,
})
const stream = fc.record({
  api: fc.constantFrom<Api>('chat', 'responses'),
  texts: fc.array(text, { minLength: 1, maxLength: 5 }),
  frames: fc.array(frame, { minLength: 9, maxLength: 9 }),
  nothings: fc.array(nothing, { minLength: 9, maxLength: 9 }),
  mark: fc.constantFrom('', '\uFEFF'),
  done,
  packet: fc.integer({ min: 1, max: 80 }),
  label: fc.constantFrom('text/event-stream', 'application/json', 'text/html', 'text/plain', ''),
})
type Sent = typeof stream extends fc.Arbitrary<infer Value> ? Value : never

function eventsOf({ api, texts }: Sent): readonly object[] {
  if (api === 'chat') {
    const choice = (delta: object, finish_reason: string | null) => ({
      choices: [{ index: 0, delta, finish_reason }],
    })
    return [
      choice({ role: 'assistant' }, null),
      ...texts.map((content) => choice({ content }, null)),
      choice({}, 'stop'),
    ]
  }
  const response = { id: 'resp_1', status: 'completed' }
  return [
    { type: 'response.created', response: { id: 'resp_1' } },
    ...texts.map((delta) => ({ type: 'response.output_text.delta', delta })),
    { type: 'response.completed', response },
  ]
}

function framed(event: object, { lineEnd, colon, before, lines }: Frame): string {
  const json = lines ? JSON.stringify(event, null, 1) : JSON.stringify(event)
  const data = json.split('\n').map((line) => `data${colon}${line}`)
  return `${before}${data.join('\n')}\n\n`.replaceAll('\n', lineEnd)
}

function bodyOf(sent: Sent): Uint8Array {
  const events = eventsOf(sent).map((event, place) => {
    const frame = sent.frames[place]
    if (!frame) throw new Error('There is a frame for every event.')
    return (sent.nothings[place] ?? '') + framed(event, frame)
  })
  return new TextEncoder().encode(sent.mark + events.join('') + sent.done)
}

/** A `fetch` that answers in packets. */
function answering(sent: Sent): typeof globalThis.fetch {
  const bytes = bodyOf(sent)
  return async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += sent.packet)
          controller.enqueue(bytes.slice(at, at + sent.packet))
        controller.close()
      },
    })
    return new Response(body, { headers: sent.label === '' ? {} : { 'content-type': sent.label } })
  }
}

async function itemsOf(client: OpenAI, api: Api): Promise<readonly unknown[]> {
  const items: unknown[] = []
  const call =
    api === 'chat'
      ? client.chat.completions.create({ model: 'm', messages: [], stream: true })
      : client.responses.create({ model: 'm', input: 'x', stream: true })
  const { data, response } = await call.withResponse()
  for await (const item of data as AsyncIterable<unknown>) items.push(item)
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(receiptOf(response)?.attempts).toHaveLength(1)
  // An empty object carries nothing, and passes.
  return items.filter((item) => JSON.stringify(item) !== '{}')
}

describe('a stream', () => {
  it('is the same to every reader however its events are framed, cut and labelled', async () => {
    await fc.assert(
      fc.asyncProperty(stream, async (sent) => {
        const fetch = answering(sent)
        const harbor = new Harbor({ apiKey: 'k', fetch, maxRetries: 0, logLevel: 'off' })
        const raw = new OpenAI({
          apiKey: 'k',
          fetch: harborFetchFor({ fetch, maxRetries: 0 }),
          maxRetries: 0,
          logLevel: 'off',
        })
        const events = eventsOf(sent)
        try {
          expect(await itemsOf(harbor, sent.api)).toEqual(events)
          expect(await itemsOf(raw, sent.api)).toEqual(events)
        } finally {
          await harbor.close()
        }
      }),
      { numRuns: 150 },
    )
  })
})
