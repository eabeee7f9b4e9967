import { describe, expect, it, vi } from 'vitest'
import { perCall, receiptOf, type LastResort } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'

const SORRY = 'We are busy. Please come back soon.'
const down = { providers: { openai: { rules: [{ fault: status(501) }] } } }

async function withLastResort(lastResort: LastResort) {
  return harborFor(await simulate(down), { lastResort })
}

describe('the last resort', () => {
  it('answers a chat when no target does, and is marked', async () => {
    const harbor = await withLastResort(() => SORRY)
    const { data, response } = await harbor.chat.completions.create(HELLO).withResponse()
    expect(data).toMatchObject({
      object: 'chat.completion',
      model: 'gpt-4',
      choices: [{ index: 0, message: { role: 'assistant', content: SORRY }, finish_reason: 'stop' }],
    })
    expect(response.headers.get('x-harbor-degraded')).toBe('true')
    expect(response.headers.get('x-harbor-target')).toBe('last resort')
    expect(receiptOf(data)).toMatchObject({
      degraded: true,
      target: 'last resort',
      outcome: 'success',
      cost: undefined,
      attempts: [{ target: 'openai/gpt-4', status: 501 }],
    })
  })

  it('answers a streamed chat, in a form that the helpers accept', async () => {
    const harbor = await withLastResort(() => SORRY)
    const stream = harbor.chat.completions.stream(HELLO)
    expect(await stream.finalContent()).toBe(SORRY)
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop')
  })

  it('answers a response, streamed and not', async () => {
    const harbor = await withLastResort(() => SORRY)
    const request = { model: 'gpt-4', input: 'Hi.' }
    expect((await harbor.responses.create(request)).output_text).toBe(SORRY)
    const stream = harbor.responses.stream(request)
    const deltas: string[] = []
    stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta))
    expect((await stream.finalResponse()).output_text).toBe(SORRY)
    expect(deltas).toEqual([SORRY])
  })

  it('may give the body of an answer, tool calls included', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'wait', arguments: '{"s":5}' } }
    const message = { role: 'assistant', content: null, tool_calls: [call] }
    const body = {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    }
    const harbor = await withLastResort(() => body)
    expect(await harbor.chat.completions.create(HELLO)).toMatchObject(body)
    const streamed = await harbor.chat.completions.stream(HELLO).finalMessage()
    expect(streamed.tool_calls).toMatchObject([call])
  })

  it('receives the request and the receipt', async () => {
    const lastResort = vi.fn<LastResort>(() => SORRY)
    const harbor = await withLastResort(lastResort)
    await harbor.chat.completions.create(HELLO)
    expect(lastResort).toHaveBeenCalledExactlyOnceWith({
      operation: 'chat',
      request: HELLO,
      receipt: expect.objectContaining({ attempts: [expect.objectContaining({ status: 501 })] }) as unknown,
    })
  })

  it.each<[string, LastResort]>([
    ['gives undefined', () => undefined],
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['gives what is no answer', () => 7],
  ])('lets the failure stand when it %s', async (_, lastResort) => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const harbor = await withLastResort(lastResort)
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 501 })
  })

  it('is not called for a request that is wrong in itself, and may be switched off for one call', async () => {
    const lastResort = vi.fn(() => SORRY)
    const provider = await simulate()
    const harbor = harborFor(provider, { lastResort, maxRetries: 0 })
    provider.fail(status(400), status(503))
    expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ status: 400 })
    const call = harbor.chat.completions.create(HELLO, perCall({ lastResort: false }))
    expect(await failureOf(call)).toMatchObject({ status: 503 })
    expect(lastResort).not.toHaveBeenCalled()
  })
})
