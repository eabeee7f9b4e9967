import type { SimulatedProvider } from '@harbor/simulator'
import { describe, expect, it } from 'vitest'
import type { HarborOptions } from '../src/index.ts'
import { harborClient } from './clients.ts'
import { simulate } from './support.ts'

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
