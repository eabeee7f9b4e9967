import Anthropic from '@anthropic-ai/sdk'
import { beforeEach, describe, expect, it } from 'vitest'
import { anthropicOver, EVENTS, QUESTION, readStream } from './helpers/anthropic.ts'
import { serve } from './helpers/http-server.ts'
import { simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { ROWS } from './foreign/rows.ts'

beforeEach(timeInTurns)

/** The odd errors of real servers. Gateways put them in front of every protocol. */
const ERRORS = ROWS.filter(
  ({ to, becomes, request }) =>
    becomes.error && !request && (to.includes('chat') || to.includes('chat stream')),
).flatMap((row) =>
  row.to
    .filter((ask) => ask === 'chat' || ask === 'chat stream')
    .map((ask) => ({ ...row, ask, title: `${row.what}, to ${ask}` })),
)

describe('what becomes of odd errors under the Anthropic SDK:', () => {
  it.each(ERRORS)('$title', async ({ answer, ask, becomes, options }) => {
    const provider = await simulate({
      providers: { openai: { rules: [{ fault: { type: 'raw', ...answer } }] } },
    })
    const over = anthropicOver(provider.baseURL.replace(/\/v1$/, ''), { ...options, breaker: false })
    const { error, receipt } = ask === 'chat' ? await whole(over) : await readStream(over)
    expect(error).toBeInstanceOf(Anthropic.AnthropicError)
    expect(receipt?.outcome).toBe('failure')
    expect(provider.counts().calls).toBe(becomes.calls)
    for (const { failure } of receipt?.attempts ?? [])
      if (becomes.kind) expect(failure?.kind).toBe(becomes.kind)
  })
})

async function whole({ client, last }: ReturnType<typeof anthropicOver>) {
  const error = await client.messages.create(QUESTION).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { error, receipt: last() }
}

type Frame = (data: string, name: string) => string

const FRAMINGS: readonly (readonly [what: string, frame: Frame, start: string])[] = (
  [
    ['lines that end in CRLF', (data, name) => `event: ${name}\r\ndata: ${data}\r\n\r\n`],
    ['lines that end in CR', (data, name) => `event: ${name}\rdata: ${data}\r\r`],
    ['line ends of every kind', (data, name) => `id: 1\revent: ${name}\ndata: ${data}\r\n\n`],
    ['no space after the colon', (data, name) => `event:${name}\ndata:${data}\n\n`],
    ['data before the name', (data, name) => `data: ${data}\nevent: ${name}\n\n`],
    ['no names', (data) => `data: ${data}\n\n`],
    ['one name for all', (data) => `event: message\ndata: ${data}\n\n`],
    ['indented fields', (data, name) => `  event: ${name}\n  data: ${data}\n\n`],
    ['ids and retry times', (data, name) => `id: 7\nevent: ${name}\nretry: 10\ndata: ${data}\n\n`],
    ['a byte order mark', (data, name) => `event: ${name}\ndata: ${data}\n\n`, '\uFEFF'],
    [
      'blank lines and comments at the start',
      (data, name) => `event: ${name}\ndata: ${data}\n\n`,
      '\n\n: hello\n\n',
    ],
    ['comments between its events', (data, name) => `: keep-alive\n\nevent: ${name}\ndata: ${data}\n\n`],
    [
      'data over several lines',
      (data, name) => `event: ${name}\ndata: ${data.replace(/,/g, ',\ndata: ')}\n\n`,
    ],
    ['events that have only a name', (data, name) => `event: note\n\nevent: ${name}\ndata: ${data}\n\n`],
    [
      'pings everywhere',
      (data, name) => `event: ping\ndata: {"type":"ping"}\n\nevent: ${name}\ndata: ${data}\n\n`,
    ],
    [
      'unknown events everywhere',
      (data, name) =>
        `event: weather\ndata: {"type":"weather","sky":"blue"}\n\nevent: ${name}\ndata: ${data}\n\n`,
    ],
    [
      'every event twice, but for the text',
      (data, name) =>
        `event: ${name}\ndata: ${data}\n\n`.repeat(
          name === 'content_block_delta' || name === 'message_stop' ? 1 : 2,
        ),
    ],
  ] satisfies (readonly [string, Frame, string?])[]
).map(([what, frame, start = '']) => [what, frame, start])

describe('a stream of the Messages API', () => {
  it.each(FRAMINGS)('is whole with %s', async (_, frame, start) => {
    const body =
      start + EVENTS.map((data) => frame(data, (JSON.parse(data) as { type: string }).type)).join('')
    const { origin, requests } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body)
    })
    const { text, error, receipt } = await readStream(anthropicOver(origin))
    expect({ text, error }).toEqual({ text: 'Hello there', error: undefined })
    expect(receipt).toMatchObject({ outcome: 'success', usage: { inputTokens: 12, outputTokens: 5 } })
    expect(requests).toHaveLength(1)
  })

  it.each<[string, string, string]>([
    ['an event that is not JSON', 'event: content_block_delta\ndata: {oops\n\n', 'stream_malformed'],
    ['an event that is a list', 'event: content_block_delta\ndata: [1]\n\n', 'stream_malformed'],
    ['bytes that are no events', '\u0000\u0001 garbage \uFFFD\n\n', 'stream_incomplete'],
    ['a page', '<html>Bad gateway</html>', 'stream_incomplete'],
  ])('is broken by %s after its content', async (_, odd, code) => {
    const head = EVENTS.slice(0, 5).map(
      (data) => `event: ${(JSON.parse(data) as { type: string }).type}\ndata: ${data}\n\n`,
    )
    const { origin } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(head.slice(0, 4).join(''))
      setTimeout(() => response.end(head.slice(4).join('') + odd), 10)
    })
    const { text, error } = await readStream(anthropicOver(origin))
    expect(text).toBe('Hello there')
    expect(error).toMatchObject({ type: 'api_error', errorCode: code })
  })
})
