import { describe, expect, it } from 'vitest'
import { createFallbackModel, modelFetch, type FallbackModelOptions } from '../../src/index.ts'
import { apiError, cut, delta, mock, startOnly, whole } from '../mock-models.ts'
import { failureOf, HELLO } from './client.ts'

type Model = ReturnType<typeof mock>

function send(models: readonly Model[], stream: boolean, options: Partial<FallbackModelOptions> = {}) {
  const model = createFallbackModel({ models, retry: false, ...options })
  const body = JSON.stringify({ ...HELLO, stream })
  return modelFetch(() => model)('https://m.invalid/chat/completions', { method: 'POST', body })
}

const LIMITED = apiError(
  429,
  { 'retry-after': '7' },
  '{"error":{"type":"rate_limit_error","message":"Slow down."}}',
)

describe.each([false, true])('modelFetch over a fallback model (stream: %s)', (stream) => {
  it('answers by the model that takes over', async () => {
    const response = await send([mock('a', apiError(503)), mock('b', 'Ahoy')], stream)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('"content":"Ahoy"')
  })

  it('has the status, the wait and the type of the last error when no model answers', async () => {
    const response = await send([mock('a', apiError(503)), mock('b', LIMITED)], stream)
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7'])
    expect(await response.json()).toMatchObject({
      error: { type: 'rate_limit_error', message: 'Slow down.' },
    })
  })

  it('rejects as a fetch does when no model can be reached', async () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    const error = await failureOf(send([mock('a', refused), mock('b', refused)], stream))
    expect(error).toMatchObject({ name: 'TypeError', cause: refused })
  })
})

describe('a stream of modelFetch over a fallback model', () => {
  it('has no end of its own and no receipt: it ends with [DONE]', async () => {
    const text = await (await send([mock('a', { parts: whole('Ahoy', '!') })], true)).text()
    expect(text).toContain('[DONE]')
    expect(text).not.toContain('harbor')
  })

  it('has 502 when each model ends before its first content', async () => {
    const empty = () => mock('a', { parts: startOnly })
    const response = await send([empty(), empty()], true)
    expect([response.status, await response.json()]).toMatchObject([
      502,
      { error: { code: 'stream_incomplete' } },
    ])
  })

  it('ends with an error event when the model is cut after its first content', async () => {
    const text = await (await send([mock('a', { parts: cut('Ahoy') }), mock('b', 'no')], true)).text()
    expect(text).toContain('"content":"Ahoy"')
    expect(text).toContain('"code":"stream_incomplete"')
    expect(text).not.toContain('[DONE]')
  })

  it('ends with what the provider reported after its first content', async () => {
    const error = { type: 'overloaded_error', message: 'Overloaded' }
    const parts = [...startOnly, delta('Ahoy'), { type: 'error', error } as const]
    const text = await (await send([mock('a', { parts })], true)).text()
    expect(text).toContain('"message":"Overloaded","type":"overloaded_error"')
  })
})
