import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { answering, clientOf, failureOf, FINISH, HELLO, STOP, streaming } from './client.ts'

const delta = (id: string, text: string): LanguageModelV4StreamPart => ({
  type: 'text-delta',
  id,
  delta: text,
})

/** Sends a request to a model that need not follow the specification. */
function send(model: unknown, request: object = {}, signal?: AbortSignal): Promise<Response> {
  return modelFetch(() => model as MockLanguageModelV4)('https://model.invalid/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ ...HELLO, ...request }),
    ...(signal && { signal }),
  })
}

const STREAM = { stream: true, stream_options: { include_usage: true } }

async function textOf(...parts: LanguageModelV4StreamPart[]): Promise<string> {
  const stream = await clientOf(streaming(...parts)).chat.completions.create({ ...HELLO, stream: true })
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
  return text
}

describe('an answer outside of the specification', () => {
  it.each<[string, object]>([
    ['usage', { usage: undefined }],
    ['warnings', { warnings: undefined }],
    ['a time that is no Date', { response: { timestamp: '2026-01-01' } }],
    ['negative counts', { usage: { inputTokens: { total: -1 }, outputTokens: { total: Number.NaN } } }],
  ])('is still an answer without %s', async (_, changes) => {
    const answer = await clientOf(answering(changes)).chat.completions.create(HELLO)
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello!' } })
  })

  it.each<[string, object]>([
    ['stream_incomplete', { finishReason: undefined }],
    ['stream_incomplete', { finishReason: { unified: 'tool-calls', raw: 'tool_use' } }],
    ['malformed_answer', { content: undefined }],
    ['malformed_answer', { content: [undefined] }],
    ['malformed_answer', { content: [{ type: 'text' }] }],
    ['malformed_answer', { content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'look', input: {} }] }],
  ])('is an error with the status 502 and the code %s: %j', async (code, changes) => {
    const error = await failureOf(clientOf(answering(changes)).chat.completions.create(HELLO))
    expect(error).toMatchObject({ status: 502, code })
  })

  it('is refused when it contains a part of a type that is not known', async () => {
    const content = [{ type: 'hologram' }] as never
    const answer = failureOf(clientOf(answering({ content })).chat.completions.create(HELLO))
    expect(await answer).toMatchObject({ status: 400, code: 'ignored_by_model' })
    const stream = await send(streaming({ type: 'hologram' } as never, FINISH), STREAM)
    expect([stream.status, await stream.text()]).toEqual([400, expect.stringContaining('hologram')])
  })
})

describe('a stream outside of the specification', () => {
  it.each<[string, unknown[]]>([
    ['stream_incomplete', [{ type: 'finish' }]],
    ['stream_incomplete', [{ ...FINISH, finishReason: { unified: 'tool-calls' } }]],
    ['malformed_answer', [null, FINISH]],
    ['malformed_answer', [{ type: 'text-delta', id: 't' }, FINISH]],
    [
      'stream_incomplete',
      [
        delta('t', 'x'),
        { type: 'tool-input-start', id: 'c', toolName: 'look' },
        { type: 'tool-input-start', id: 'c', toolName: 'look' },
        FINISH,
      ],
    ],
  ])('ends with the error %s and without [DONE]: %j', async (code, parts) => {
    const text = await (await send(streaming(...(parts as LanguageModelV4StreamPart[])), STREAM)).text()
    expect(text).toContain(`"code":"${code}"`)
    expect(text).not.toContain('[DONE]')
  })

  it('ends without usage when the provider reports none', async () => {
    const parts = [delta('t', 'x'), { type: 'finish', finishReason: STOP }]
    const text = await (await send(streaming(...(parts as LanguageModelV4StreamPart[])), STREAM)).text()
    expect(text).toContain('[DONE]')
    expect(text).not.toContain('prompt_tokens')
  })

  it('is an error when the model gives none', async () => {
    const model = new MockLanguageModelV4({ doStream: () => Promise.resolve({}) as never })
    const response = await send(model, STREAM)
    expect([response.status, await response.text()]).toEqual([
      502,
      expect.stringContaining('malformed_answer'),
    ])
  })
})

describe('the blocks of a stream', () => {
  it('follow one another in the order of their starts, also when their pieces come in turn', async () => {
    expect(
      await textOf(
        { type: 'text-start', id: 'a' },
        { type: 'text-start', id: 'b' },
        { type: 'text-start', id: 'c' },
        delta('b', 'Ship '),
        delta('a', 'Ahoy, '),
        delta('c', 'ahoy!'),
        delta('b', 'sails, '),
        { type: 'text-end', id: 'b' },
        delta('a', 'all: '),
        { type: 'text-end', id: 'a' },
        { type: 'text-end', id: 'c' },
        FINISH,
      ),
    ).toBe('Ahoy, all: Ship sails, ahoy!')
  })

  it('are all sent when the model does not end them, or uses the id of an ended block again', async () => {
    expect(await textOf(delta('a', 'x'), delta('b', 'z'), delta('a', 'y'), FINISH)).toBe('xyz')
    const end = { type: 'text-end', id: 'a' } as const
    expect(await textOf(delta('a', 'x'), end, delta('a', 'y'), end, FINISH)).toBe('xy')
  })
})

describe('an error part with an object of the provider', () => {
  it.each<[number, object]>([
    [529, { type: 'overloaded_error', message: 'Overloaded' }],
    [429, { type: 'rate_limit_error', message: 'Slow down' }],
    [503, { message: 'Down', statusCode: 503, data: { error: { type: 'api_error' } } }],
    [500, { message: 'What?' }],
    [500, { message: 'What?', statusCode: 200 }],
  ])('has the status %d before the first event', async (status, error) => {
    const response = await send(streaming({ type: 'error', error }, FINISH), STREAM)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      error: { message: (error as { message: string }).message },
    })
  })

  it('has its type and message after the first event', async () => {
    const error = { type: 'overloaded_error', message: 'Overloaded' }
    const text = await (await send(streaming(delta('t', 'x'), { type: 'error', error }), STREAM)).text()
    expect(text).toContain('{"error":{"message":"Overloaded","type":"overloaded_error"')
  })
})

describe('a function of the caller that returns no model', () => {
  it.each(['gpt-5', undefined, { specificationVersion: 'v9' }])(
    'is answered with 404 and the reason: %j',
    async (model) => {
      const response = await send(model)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        error: { code: 'model_not_found', message: expect.stringContaining('modelFetch') as string },
      })
    },
  )
})

describe('an abort of a call whose model does not answer', () => {
  it('ends the call also while the model reports its URLs', async () => {
    const abort = new AbortController()
    const reason = new Error('The caller left.')
    const model = answering()
    Object.defineProperty(model, 'supportedUrls', { value: new Promise(() => undefined) })
    const sent = failureOf(send(model, {}, abort.signal))
    abort.abort(reason)
    expect(await sent).toBe(reason)
  })
})
