import { createAnthropic } from '@ai-sdk/anthropic'
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { FINISH, HELLO } from './client.ts'

const DELTA: LanguageModelV4StreamPart = { type: 'text-delta', id: 't', delta: 'x' }
const BODY = JSON.stringify({ ...HELLO, stream: true })

const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
const USAGE = { input_tokens: 1, output_tokens: 1 }
const ANSWER = [
  event('message_start', {
    message: { id: 'm', type: 'message', role: 'assistant', model: 'c', content: [], usage: USAGE },
  }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hi' } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: USAGE }),
  event('message_stop', {}),
].join('')

function send(stream: ReadableStream<LanguageModelV4StreamPart>, signal?: AbortSignal): Promise<Response> {
  const model = new MockLanguageModelV4({ doStream: () => Promise.resolve({ stream }) })
  return modelFetch(() => model)('https://model.invalid/v1/chat/completions', {
    method: 'POST',
    body: BODY,
    ...(signal && { signal }),
  })
}

describe('the end of a stream', () => {
  it('is read to the end of the provider’s body, so that its connection can be used again', async () => {
    const ended = Promise.withResolvers<string>()
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => controller.enqueue(new TextEncoder().encode(ANSWER)),
        async pull(controller) {
          // The end of the body arrives after the end of the answer.
          await new Promise((resolve) => setImmediate(resolve))
          ended.resolve('read')
          controller.close()
        },
        cancel: () => ended.resolve('cancelled'),
      },
      { highWaterMark: 0 },
    )
    const headers = { 'content-type': 'text/event-stream' }
    const fetch = () => Promise.resolve(new Response(body, { headers }))
    const anthropic = createAnthropic({ apiKey: 'k', fetch })
    const init = { method: 'POST', body: BODY }
    const response = await modelFetch((id) => anthropic(id))('https://m.invalid/chat/completions', init)
    expect(await response.text()).toContain('[DONE]')
    expect(await ended.promise).toBe('read')
  })

  it('comes with the finish part, and cancels a model that sends on without end', async () => {
    const cancelled = Promise.withResolvers<unknown>()
    const first: LanguageModelV4StreamPart[] = [DELTA, FINISH]
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      pull: (controller) => controller.enqueue(first.shift() ?? { type: 'ping' }),
      cancel: cancelled.resolve,
    })
    const text = await (await send(stream)).text()
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    await cancelled.promise
  })

  it('cancels a model whose stream stays open, when the call is aborted', async () => {
    const cancelled = Promise.withResolvers<unknown>()
    const abort = new AbortController()
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start(controller) {
        controller.enqueue(DELTA)
        controller.enqueue(FINISH)
      },
      cancel: cancelled.resolve,
    })
    const text = await (await send(stream, abort.signal)).text()
    expect(text).toContain('[DONE]')
    abort.abort('gone')
    expect(await cancelled.promise).toBe('gone')
  })

  it('does not fail an answer whose stream breaks after its finish part', async () => {
    const parts = [DELTA, FINISH]
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      pull(controller) {
        const part = parts.shift()
        if (part) controller.enqueue(part)
        else controller.error(new Error('broken'))
      },
    })
    expect(await (await send(stream)).text()).toContain('[DONE]')
  })
})

describe('an abort in the moment in which the first event arrives', () => {
  it('ends the body with the reason', async () => {
    const reason = new Error('The caller left.')
    for (let turns = 0; turns < 12; turns++) {
      const abort = new AbortController()
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        async pull(controller) {
          await Promise.resolve()
          controller.enqueue(DELTA)
          let turn: Promise<void> = Promise.resolve()
          for (let at = 0; at < turns; at++) turn = turn.then(() => undefined)
          void turn.then(() => abort.abort(reason))
          await new Promise(() => undefined)
        },
      })
      const read = async () => (await send(stream, abort.signal)).text()
      await expect(read()).rejects.toBe(reason)
    }
  })
})
