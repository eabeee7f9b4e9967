import type { LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type OpenAI from 'openai'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { answering, clientOf, failureOf, FINISH, HELLO, STOP, streaming, USAGE } from './client.ts'

const answerOf = (changes: Partial<LanguageModelV4GenerateResult>) =>
  clientOf(answering(changes)).chat.completions.create(HELLO)

async function chunksOf(...parts: LanguageModelV4StreamPart[]) {
  const stream = await clientOf(streaming(...parts)).chat.completions.create({
    ...HELLO,
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks: OpenAI.ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

const finish = (unified: 'length' | 'content-filter' | 'other' | 'error' | 'interrupted', raw?: string) =>
  ({ unified, raw }) as const

const CALLS = [
  { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"at":"sea"}' },
  { type: 'tool-call', toolCallId: 'c2', toolName: 'count', input: '{}' },
] as const

describe('a JSON answer', () => {
  it('has the text, the reasoning, the usage with its details, and the ids of the provider', async () => {
    const answer = await answerOf({
      content: [
        { type: 'reasoning', text: 'Hm.' },
        { type: 'text', text: 'Hello ' },
        { type: 'text', text: 'sailor.' },
      ],
      response: { id: 'msg_1', modelId: 'm-2026', timestamp: new Date(5_000) },
    })
    expect(answer).toEqual({
      id: 'msg_1',
      created: 5,
      model: 'm-2026',
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello sailor.', refusal: null, reasoning_content: 'Hm.' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 12,
        completion_tokens: 9,
        total_tokens: 21,
        prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
    })
  })

  it('has parallel tool calls, without those that the provider carried out itself', async () => {
    const answer = await answerOf({
      content: [...CALLS, { ...CALLS[0], toolCallId: 'c3', providerExecuted: true }],
      finishReason: { unified: 'tool-calls', raw: 'tool_use' },
    })
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"sea"}' } },
          { id: 'c2', type: 'function', function: { name: 'count', arguments: '{}' } },
        ],
      },
    })
    expect(answer.choices[0]?.message.tool_calls).toHaveLength(2)
  })

  it('has the structured output that the model selects, and no usage that the provider did not report', async () => {
    const unknown = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
    const answer = await answerOf({ structuredOutputText: '{}', usage: { ...USAGE, inputTokens: unknown } })
    expect(answer.choices[0]?.message.content).toBe('{}')
    expect(answer).not.toHaveProperty('usage')
  })

  it.each([
    [finish('length'), 'length'],
    [finish('content-filter'), 'content_filter'],
    [finish('other', 'compaction'), 'compaction'],
  ])('has the finish reason of %j', async (finishReason, expected) => {
    expect((await answerOf({ finishReason })).choices[0]?.finish_reason).toBe(expected)
  })

  it.each([finish('error', 'x'), finish('interrupted'), finish('other')])(
    'is an error with the status 502 when the model ended with %j',
    async (finishReason) => {
      expect(await failureOf(answerOf({ finishReason }))).toMatchObject({
        status: 502,
        code: 'stream_incomplete',
      })
    },
  )

  it('is refused when it contains a file', async () => {
    const file = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } } as const
    expect(await failureOf(answerOf({ content: [file] }))).toMatchObject({
      status: 400,
      code: 'ignored_by_model',
    })
  })
})

describe('a stream', () => {
  it('has text and reasoning as deltas, one finish reason, and the usage in a chunk of its own', async () => {
    const chunks = await chunksOf(
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', id: 'msg_1', modelId: 'm-2026', timestamp: new Date(5_000) },
      { type: 'reasoning-start', id: 'r' },
      { type: 'reasoning-delta', id: 'r', delta: 'Hm.' },
      { type: 'reasoning-end', id: 'r' },
      { type: 'text-start', id: 't' },
      { type: 'text-delta', id: 't', delta: 'Hello ' },
      { type: 'ping' },
      { type: 'source', sourceType: 'url', id: 's', url: 'https://a.example/' },
      { type: 'text-delta', id: 't', delta: 'sailor.' },
      { type: 'text-end', id: 't' },
      FINISH,
    )
    expect(chunks.map(({ id, created, model }) => [id, created, model])).toEqual(
      chunks.map(() => ['msg_1', 5, 'm-2026']),
    )
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '', reasoning_content: 'Hm.' },
      { content: 'Hello ' },
      { content: 'sailor.' },
      {},
      undefined,
    ])
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      null,
      null,
      null,
      'stop',
      undefined,
    ])
    expect(chunks.map(({ usage }) => usage?.total_tokens)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      21,
    ])
  })

  it('has each tool call with an index and an id, whether its input comes in pieces, at once, or both', async () => {
    const chunks = await chunksOf(
      { type: 'tool-input-start', id: 'c1', toolName: 'look' },
      { type: 'tool-input-start', id: 'c2', toolName: 'count' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"at":' },
      { type: 'tool-input-delta', id: 'c1', delta: '"sea"' },
      { type: 'tool-input-end', id: 'c1' },
      ...CALLS,
      { type: 'tool-call', toolCallId: 'c3', toolName: 'whole', input: '[]' },
      { type: 'tool-input-start', id: 'c4', toolName: 'search', providerExecuted: true },
      { type: 'tool-input-delta', id: 'c4', delta: '{}' },
      { type: 'tool-call', toolCallId: 'c4', toolName: 'search', input: '{}', providerExecuted: true },
      { type: 'finish', finishReason: { unified: 'tool-calls', raw: undefined }, usage: USAGE },
    )
    const calls: { id?: string | undefined; name?: string | undefined; input: string }[] = []
    for (const { choices } of chunks) {
      for (const { index, id, function: called } of choices[0]?.delta.tool_calls ?? []) {
        const call = (calls[index] ??= { id, name: called?.name, input: '' })
        call.input += called?.arguments ?? ''
      }
    }
    expect(calls).toEqual([
      { id: 'c1', name: 'look', input: '{"at":"sea"}' },
      { id: 'c2', name: 'count', input: '{}' },
      { id: 'c3', name: 'whole', input: '[]' },
    ])
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('tool_calls')
  })

  it('has the answer of the OpenAI client’s own collector', async () => {
    const runner = clientOf(
      streaming({ type: 'text-delta', id: 't', delta: 'Hi' }, ...CALLS, FINISH),
    ).chat.completions.stream({ model: 'm', messages: HELLO.messages })
    const message = await runner.finalMessage()
    expect(message.content).toBe('Hi')
    expect(message.tool_calls).toHaveLength(2)
  })

  it('names in its header what was left out, and marks the end with [DONE]', async () => {
    const model = streaming(
      { type: 'stream-start', warnings: [{ type: 'unsupported', feature: 'seed' }] },
      { type: 'text-delta', id: 't', delta: 'Hi' },
      FINISH,
    )
    const response = await send(model)
    expect(response.headers.get('x-harbor-dropped')).toBe('seed')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const text = await response.text()
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(text).not.toContain('usage')
  })

  it.each<[name: string, parts: LanguageModelV4StreamPart[]]>([
    ['without a finish part', []],
    ['with an interruption', [{ type: 'finish', finishReason: finish('interrupted'), usage: USAGE }]],
    ['with an unknown reason', [{ type: 'finish', finishReason: finish('other'), usage: USAGE }]],
    ['with an error part', [{ type: 'error', error: new Error('secret prompt') }, FINISH]],
    ['inside a tool call', [{ type: 'tool-input-start', id: 'c', toolName: 'look' }, FINISH]],
    [
      'with a call that differs from its pieces',
      [
        { type: 'tool-input-start', id: 'c1', toolName: 'look' },
        { type: 'tool-input-delta', id: 'c1', delta: '{"to":' },
        CALLS[0],
        FINISH,
      ],
    ],
  ])('ends with an error event, and never with [DONE], when the model’s stream ends %s', async (_, parts) => {
    const first: LanguageModelV4StreamPart = { type: 'text-delta', id: 't', delta: 'Hi' }
    const text = await (await send(streaming(first, ...parts))).text()
    expect(text).toContain('"content":"Hi"')
    expect(text).toContain('data: {"error":{')
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain('secret')
    const error = await failureOf(chunksOf(first, ...parts))
    expect(error).toMatchObject({ type: 'server_error' })
  })

  it('has the status of an error before its first event', async () => {
    const cut = await send(streaming({ type: 'stream-start', warnings: [] }))
    expect(cut.status).toBe(502)
    const refused = await send(
      streaming({ type: 'stream-start', warnings: [{ type: 'unsupported', feature: 'toolChoice' }] }, FINISH),
    )
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { code: 'ignored_by_model' } },
    ])
  })
})

describe('a stream that is read slowly', () => {
  it('takes from the model only what is read, and cancels the model’s stream with its own', async () => {
    let pulled = 0
    const ended = Promise.withResolvers<unknown>()
    const stream = new ReadableStream<LanguageModelV4StreamPart>(
      {
        pull(controller) {
          pulled++
          controller.enqueue({ type: 'text-delta', id: 't', delta: 'x' })
        },
        cancel: (reason) => ended.resolve(reason),
      },
      { highWaterMark: 0 },
    )
    const response = await send(new MockLanguageModelV4({ doStream: () => Promise.resolve({ stream }) }))
    expect(pulled).toBe(1)
    const reader = response.body?.getReader()
    await reader?.read()
    expect(pulled).toBe(1)
    await reader?.read()
    expect(pulled).toBe(2)
    await reader?.cancel('enough')
    expect(await ended.promise).toBe('enough')
  })
})

describe('an abort', () => {
  it('ends a call whose model ignores the signal, and cancels a stream that comes too late', async () => {
    const late = Promise.withResolvers<{ stream: ReadableStream<LanguageModelV4StreamPart> }>()
    const cancelled = Promise.withResolvers<unknown>()
    const abort = new AbortController()
    const reason = new Error('The caller left.')
    const started = Promise.withResolvers<undefined>()
    const doStream = () => {
      started.resolve(undefined)
      return late.promise
    }
    const sent = failureOf(send(new MockLanguageModelV4({ doStream }), abort.signal))
    await started.promise
    abort.abort(reason)
    expect(await sent).toBe(reason)
    late.resolve({ stream: new ReadableStream({ cancel: (why) => cancelled.resolve(why) }) })
    expect(await cancelled.promise).toBe(reason)
  })

  it('ends a stream with the reason, and cancels the model’s stream, also while nothing is read', async () => {
    const cancelled = Promise.withResolvers<unknown>()
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start: (controller) => controller.enqueue({ type: 'text-delta', id: 't', delta: 'x' }),
      cancel: (why) => cancelled.resolve(why),
    })
    const abort = new AbortController()
    const reason = new Error('The caller left.')
    const model = new MockLanguageModelV4({ doStream: () => Promise.resolve({ stream }) })
    const response = await send(model, abort.signal)
    expect(model.doStreamCalls[0]?.abortSignal).toBe(abort.signal)
    abort.abort(reason)
    expect(await cancelled.promise).toBe(reason)
    expect(await failureOf(response.text())).toBe(reason)
  })

  it('before the call calls no model', async () => {
    const model = streaming(FINISH)
    expect(await failureOf(send(model, AbortSignal.abort(STOP)))).toBe(STOP)
    expect(model.doStreamCalls).toEqual([])
  })
})

function send(model: MockLanguageModelV4, signal?: AbortSignal): Promise<Response> {
  return modelFetch(() => model)('https://model.invalid/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ ...HELLO, stream: true }),
    ...(signal && { signal }),
  })
}
