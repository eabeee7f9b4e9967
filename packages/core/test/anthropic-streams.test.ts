import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { anthropicOver, errorEvent, EVENTS, onWire, readStream, sendStream } from './helpers/anthropic.ts'
import { serve } from './helpers/http-server.ts'

const WIRE = onWire(EVENTS)
const OVERLOADED = onWire([errorEvent('overloaded_error')])
/** The number of events until the first one with content. */
const FIRST = 4

describe('a stream of the Messages API', () => {
  it('reaches the SDK whole, with its usage', async () => {
    const { origin, requests } = await serve((_request, response) => void sendStream(response, WIRE))
    const { text, error, receipt } = await readStream(anthropicOver(origin))
    expect({ text, error }).toEqual({ text: 'Hello there', error: undefined })
    expect(requests).toHaveLength(1)
    expect(receipt).toMatchObject({
      operation: 'messages',
      model: 'claude-sonnet-4-6',
      streaming: true,
      outcome: 'success',
      finishReasons: ['end_turn'],
      responseId: 'msg_1',
      serviceTier: 'standard',
      usage: { inputTokens: 12, outputTokens: 5 },
    })
  })

  it('reaches a reader byte for byte', async () => {
    const { origin } = await serve((_request, response) => void sendStream(response, WIRE))
    const { harborFetch } = anthropicOver(origin)
    const body = JSON.stringify({ model: 'm', max_tokens: 1, messages: [], stream: true })
    const response = await harborFetch(`${origin}/v1/messages`, { method: 'POST', body })
    expect(await response.text()).toBe(WIRE.join(''))
  })

  it.each([
    ['an orderly end before its stop reason', WIRE.slice(0, 6), false],
    ['an orderly end before message_stop', WIRE.slice(0, 7), false],
    ['an orderly end inside an event', [...WIRE.slice(0, 5), WIRE[5]?.slice(0, 40) ?? ''], false],
    ['a broken connection', WIRE.slice(0, 5), true],
    ['message_stop without a stop reason', [...WIRE.slice(0, 6), WIRE[7] ?? ''], false],
  ])('raises an error of the SDK after %s', async (_, events, cut) => {
    const { origin, requests } = await serve(
      (_request, response) => void sendStream(response, events, { apart: FIRST, cut }),
    )
    const { text, error, receipt } = await readStream(anthropicOver(origin))
    expect(text).toBe('Hello there')
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({ type: 'api_error', errorCode: 'stream_incomplete' })
    expect(requests).toHaveLength(1)
    expect(receipt).toMatchObject({ outcome: 'failure', attempts: [{ failure: { kind: 'stream' } }] })
  })

  it.each([
    ['before its first event', []],
    ['before its first content', WIRE.slice(0, 2)],
  ])('is retried after an overload that is reported %s', async (_, before) => {
    let calls = 0
    const { origin, requests } = await serve((_request, response) => {
      void sendStream(response, ++calls === 1 ? [...before, ...OVERLOADED] : WIRE)
    })
    const { text, error, receipt } = await readStream(anthropicOver(origin))
    expect({ text, error }).toEqual({ text: 'Hello there', error: undefined })
    expect(requests).toHaveLength(2)
    expect(receipt?.attempts[0]?.failure).toMatchObject({ kind: 'overloaded', code: 'overloaded_error' })
  })

  it('raises the error that the provider reports after content', async () => {
    const { origin, requests } = await serve(
      (_request, response) =>
        void sendStream(response, [...WIRE.slice(0, 5), ...OVERLOADED], { apart: FIRST }),
    )
    const { text, error } = await readStream(anthropicOver(origin))
    expect(text).toBe('Hello there')
    expect(error).toMatchObject({ type: 'overloaded_error', apiMessage: 'Overloaded' })
    expect(requests).toHaveLength(1)
  })

  it('gives names to events that have none, which the SDK would ignore', async () => {
    const { origin } = await serve(
      (_request, response) =>
        void sendStream(
          response,
          EVENTS.map((data) => `data: ${data}\n\n`),
        ),
    )
    const { text, error, receipt } = await readStream(anthropicOver(origin))
    expect({ text, error }).toEqual({ text: 'Hello there', error: undefined })
    expect(receipt?.outcome).toBe('success')
  })
})
