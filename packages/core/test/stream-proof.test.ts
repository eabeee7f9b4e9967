import type { SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import { receiptOf, type HarborOptions } from '../src/index.ts'
import { harborClient } from './helpers/three-clients.ts'
import { HELLO as REQUEST, harborFetchFor, harborFor, simulate } from './helpers/harbor-for.ts'

const HELLO = '{"choices":[{"index":0,"delta":{"content":"Hello."},"finish_reason":null}]}'
const finish = (reason: unknown): string =>
  JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: reason }] })

async function reading(events: readonly string[], options: HarborOptions = {}) {
  const provider: SimulatedProvider = await simulate({
    providers: { openai: { rules: [{ fault: { type: 'play', events, done: false } }] } },
  })
  return harborClient(provider, options).stream('chat', 'm')
}
const DONE_PROVES: HarborOptions = { providers: { openai: { streamEnd: 'done' } } }

describe('a chat stream', () => {
  it.each([
    [null],
    ['null'],
    ['None'],
    [' NULL '],
    ['nil'],
    ['undefined'],
    [''],
    ['  '],
    ['-'],
    [0],
    [false],
  ])('is not complete by the finish reason %j', async (reason) => {
    const { error } = await reading([HELLO, finish(reason), '[DONE]'])
    expect(error).toMatchObject({ code: 'stream_incomplete' })
  })

  it('is not complete by [DONE] alone, unless its provider ends streams that way', async () => {
    expect((await reading([HELLO, '[DONE]'])).error).toMatchObject({ code: 'stream_incomplete' })
    expect(await reading([HELLO, '[DONE]'], DONE_PROVES)).toMatchObject({
      error: undefined,
      receipt: { outcome: 'success' },
    })
  })

  it('of a provider that ends streams with [DONE] is incomplete without it, and without any choice', async () => {
    expect((await reading([HELLO], DONE_PROVES)).error).toMatchObject({ code: 'stream_incomplete' })
    const { error } = await reading(['{"choices":[]}', '[DONE]'], { ...DONE_PROVES, maxRetries: 0 })
    expect(error).toMatchObject({ code: 'stream_incomplete' })
  })

  it('of such a provider may be proven by its finish reasons as well', async () => {
    expect((await reading([HELLO, finish('stop')], DONE_PROVES)).error).toBeUndefined()
  })
})

describe('a stream that ends with [DONE] alone', () => {
  const fault = { type: 'play', events: [HELLO, '[DONE]'], done: false } as const

  it('is whole for all who share the call, through copies and as another target', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault }] } } })
    const harbor = harborFor(provider, { ...DONE_PROVES, cache: true }).withOptions({ timeout: 30_000 })
    const ask = async () => {
      const body = { ...REQUEST, model: 'm', temperature: 0, stream: true } as const
      const { data, response } = await harbor.chat.completions.create(body).withResponse()
      let text = ''
      for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? ''
      return { text, outcome: receiptOf(response)?.outcome }
    }
    for (const reading of await Promise.all([ask(), ask()]))
      expect(reading).toEqual({ text: 'Hello.', outcome: 'success' })
    expect(provider.counts().calls).toBe(1)

    const failing = await simulate({
      providers: { openai: { rules: [{ fault: { type: 'status', status: 503 } }] } },
    })
    const entry = { apiKey: 'k', baseURL: provider.baseURL, streamEnd: 'done' } as const
    const other = harborClient(failing, { providers: { other: entry }, fallback: ['other/m'] })
    expect(await other.stream('chat', 'm')).toMatchObject({
      error: undefined,
      receipt: { target: 'other/m' },
    })
  })
})

describe("Harbor's own error event", () => {
  it.each<[string, object, object]>([
    [
      'responses',
      { type: 'response.output_text.delta', sequence_number: 6, delta: 'Half' },
      { type: 'error', code: 'stream_incomplete', param: null, sequence_number: 7 },
    ],
    ['chat/completions', JSON.parse(HELLO) as object, { error: { code: 'stream_incomplete', param: null } }],
    [
      'completions',
      { choices: [{ index: 0, text: 'Half', finish_reason: null }] },
      { error: { code: 'stream_incomplete', param: null } },
    ],
  ])('of a stream of %s has the shape that is documented there', async (path, event, error) => {
    const body = `data: ${JSON.stringify(event)}\n\n`
    const fetch = harborFetchFor({
      fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    })
    const init = { method: 'POST', body: JSON.stringify({ model: 'm', stream: true }) }
    const text = await (await fetch(`https://api.openai.com/v1/${path}`, init)).text()
    const [, data = ''] = text.slice(body.length).split('data: ')
    expect(text.startsWith(body)).toBe(true)
    expect(JSON.parse(data)).toMatchObject(error)
    expect(text.slice(body.length).startsWith('event: error\n')).toBe(path === 'responses')
  })
})
