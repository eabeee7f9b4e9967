import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { HELLO, harborFor, simulate } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'

/** Errors of different vendors, as the object that a JSON answer has under `error`. */
const ERRORS: readonly object[] = [
  { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
  { message: 'the request exceeds the available context size', type: 'exceed_context_size_error', code: 400 },
  { message: 'Quota exceeded for quota metric', status: 'RESOURCE_EXHAUSTED', code: 429 },
  { message: 'The engine is currently overloaded', type: 'overloaded_error', code: '503' },
  { message: 'Incorrect API key provided', type: 'invalid_request_error', code: 'invalid_api_key' },
  { message: 'Something "odd" {happened} [here]:\nsorry', type: 'server_error', code: null },
]

const pretty = (value: unknown): string => JSON.stringify(value, null, 2)
const ROLE =
  'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'

/** Where servers put such an error in a stream that they have begun with a 200. */
const PLACES: readonly (readonly [string, (error: object) => string])[] = [
  ['the data of an event', (error) => `data: ${JSON.stringify({ error })}\n\ndata: [DONE]\n\n`],
  ['an `error:` field', (error) => `error: ${JSON.stringify(error)}\n\ndata: [DONE]\n\n`],
  ['an `error:` field, wrapped', (error) => `error: ${JSON.stringify({ error })}\n\n`],
  ['an event named error', (error) => `event: error\ndata: ${JSON.stringify(error)}\n\n`],
  ['an event named error, wrapped', (error) => `event: error\ndata: ${JSON.stringify({ error })}\n\n`],
  ['a body that is JSON', (error) => JSON.stringify({ error })],
  ['a body of JSON in lines', (error) => pretty({ error })],
  ['a body that is a list', (error) => pretty([{ error }])],
  ['a list in an event', (error) => `data: ${JSON.stringify([{ error }])}\n\n`],
  ['a line of its own', (error) => `: hello\n\n${JSON.stringify({ error })}\n`],
  ['lines of their own behind a role chunk', (error) => `${ROLE}${pretty({ error })}\n\n`],
  ['data over several lines', (error) => `data: ${pretty({ error }).replaceAll('\n', '\ndata: ')}\n\n`],
  ['an event behind a role chunk', (error) => `${ROLE}data: ${JSON.stringify({ error })}\n\n`],
  [
    'an object that is marked as an error',
    (error) => `data: ${JSON.stringify({ ...error, object: 'error' })}\n\n`,
  ],
  ['a line behind many comments', (error) => `${': ping\n\n'.repeat(30_000)}${JSON.stringify({ error })}\n`],
]
const LABELS = ['text/event-stream', 'application/json', 'text/plain']

async function outcome(body: string, type: string, stream: boolean) {
  const fault = { type: 'raw', headers: { 'content-type': type }, body } as const
  const provider = await simulate({ providers: { openai: { rules: [{ fault }] } } })
  const harbor = harborFor(provider, { breaker: false })
  const error: unknown = await harbor.chat.completions
    .create({ ...HELLO, stream })
    .catch((reason: unknown) => reason)
  const { status, code, type: kind, message } = error as Record<string, unknown>
  const failures = receiptOf(error)?.attempts.map(({ failure }) => failure?.kind)
  return { status, code, kind, message, failures, calls: provider.counts().calls }
}

describe.each(ERRORS)('the error %j', (error) => {
  it.each(PLACES)('leads to the same failure in %s as in a JSON answer', async (_, place) => {
    const twin = await outcome(JSON.stringify({ error }), 'application/json', false)
    for (const label of LABELS) expect(await outcome(place(error), label, true), label).toEqual(twin)
  })
})

describe('an error after content', () => {
  it.each(PLACES.filter(([name]) => !name.includes('body')))('reaches the reader in %s', async (_, place) => {
    const content = 'data: {"choices":[{"index":0,"delta":{"content":"Half"},"finish_reason":null}]}\n\n'
    const error = { message: 'The server fell over.', type: 'server_error', code: 'server_error' }
    let sendError = (): void => undefined
    const { baseURL, requests } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(content)
      sendError = () => void response.end(place(error))
    })
    let text = ''
    const reading = (async () => {
      const stream = await harborFor({ baseURL }).chat.completions.create({ ...HELLO, stream: true })
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        sendError()
      }
    })()
    await expect(reading).rejects.toMatchObject({
      code: expect.stringMatching(/^(server_error|stream_incomplete)$/) as string,
    })
    expect(text).toBe('Half')
    expect(requests).toHaveLength(1)
  })
})
