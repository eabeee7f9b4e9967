import { ApiError } from '@google/genai'
import { beforeEach, describe, expect, it } from 'vitest'
import { ROWS } from '../foreign/rows.ts'
import { simulate } from '../helpers/harbor-for.ts'
import { timeInTurns } from '../helpers/time-in-turns.ts'
import { chunk, event, geminiFor, geminiOver, MODEL, readStream, sendEvents } from './gemini-client.ts'

beforeEach(timeInTurns)

/** The odd errors of real servers. Gateways put them in front of every protocol. */
const ERRORS = ROWS.flatMap((row) =>
  row.to
    .filter((ask) => ask === 'chat' || ask === 'chat stream')
    .filter(() => row.becomes.error && !row.request)
    .map((ask) => ({ ...row, ask, title: `${row.what}, to ${ask}` })),
)

describe("what becomes of odd errors under Gemini's SDK:", () => {
  it.each(ERRORS)('$title', async ({ answer, ask, becomes, options }) => {
    const provider = await simulate({
      providers: { openai: { rules: [{ fault: { type: 'raw', ...answer } }] } },
    })
    const { genai, receipts } = geminiOver(provider.url, { ...options, breaker: false })
    const { error } =
      ask === 'chat'
        ? await genai.models.generateContent({ model: MODEL, contents: 'Hi' }).then(
            () => ({ error: undefined }),
            (thrown: unknown) => ({ error: thrown }),
          )
        : await readStream(genai)
    expect(error).toBeInstanceOf(Error)
    expect(provider.counts().calls).toBe(becomes.calls)
    for (const receipt of receipts) {
      expect(receipt.outcome).toBe('failure')
      for (const { failure } of receipt.attempts) if (becomes.kind) expect(failure?.kind).toBe(becomes.kind)
    }
  })
})

const WHOLE = [chunk('Hello'), chunk(' there', 'STOP')].map((data) => JSON.stringify(data))

type Frame = (data: string) => string

const FRAMINGS = (
  [
    ['lines that end in CRLF', (data) => `data: ${data}\r\n\r\n`],
    ['lines that end in CR', (data) => `data: ${data}\r\r`],
    ['line ends of every kind', (data) => `id: 1\rdata: ${data}\r\n\n`],
    ['no space after the colon', (data) => `data:${data}\n\n`],
    ['indented fields', (data) => `  data: ${data}\n\n`],
    ['ids, names and retry times', (data) => `id: 7\nevent: message\nretry: 10\ndata: ${data}\n\n`],
    ['a byte order mark', (data) => `data: ${data}\n\n`, '\uFEFF'],
    ['blank lines and comments at the start', (data) => `data: ${data}\n\n`, '\n\n: hello\n\n'],
    ['comments between its events', (data) => `: keep-alive\n\ndata: ${data}\n\n`],
    ['data over several lines', (data) => `data: ${data.replace(/,/g, ',\ndata: ')}\n\n`],
    ['events that have only a name', (data) => `event: ping\n\ndata: ${data}\n\n`],
    ['pings with data', (data) => `event: ping\ndata: {"type":"ping"}\n\ndata: ${data}\n\n`],
    ['empty data, lists and objects', (data) => `data:\n\ndata: []\n\ndata: {}\n\ndata: ${data}\n\n`],
    ['[DONE] at its end', (data) => `data: ${data}\n\n${data.includes('STOP') ? 'data: [DONE]\n\n' : ''}`],
  ] satisfies (readonly [what: string, frame: Frame, start?: string])[]
).map(([what, frame, start = '']) => [what, frame, start] as const)

describe("a stream of Gemini's", () => {
  it.each(FRAMINGS)('is whole with %s', async (_, frame, start) => {
    const { genai, receipts, requests } = await geminiFor((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(start + WHOLE.map(frame).join(''))
    })
    const { text, error } = await readStream(genai)
    expect({ text, error }).toEqual({ text: 'Hello there', error: undefined })
    expect(receipts).toMatchObject([{ outcome: 'success', usage: { inputTokens: 4, outputTokens: 2 } }])
    expect(requests).toHaveLength(1)
  })

  it.each<[string, string, string]>([
    ['an event that is not JSON', 'data: {oops\n\n', 'stream_malformed'],
    ['an event that is a list of words', 'data: [1]\n\n', 'stream_malformed'],
    ['bytes that are no events', '\u0000\u0001 garbage \uFFFD\n\n', 'stream_incomplete'],
    ['a page', '<html>Bad gateway</html>', 'stream_incomplete'],
  ])('is broken by %s after its content', async (_, odd, code) => {
    const { genai } = await geminiFor((_request, response) =>
      sendEvents(response, [event(chunk('Hello')), odd]),
    )
    const { text, error } = await readStream(genai)
    expect(text).toBe('Hello')
    expect(error).toBeInstanceOf(ApiError)
    expect((error as ApiError).message).toContain(code)
  })
})
