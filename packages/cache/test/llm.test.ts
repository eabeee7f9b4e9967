import { describe, expect, it } from 'vitest'
import { answerRefusal, createCache, isSafeToCache, type LlmAnswer } from '../src/index.ts'
import { bytes, readAll } from './harness.ts'

const chat = '{"choices":[{"index":0,"finish_reason":"stop","message":{"content":"hi"}}]}'
const answer = (more: Partial<LlmAnswer> = {}): LlmAnswer => ({
  operation: 'chat',
  status: 200,
  stream: false,
  chunks: [bytes(chat)],
  ...more,
})

describe('what of models may be kept', () => {
  it('27. By default embeddings are cached; chat only with temperature 0 or a seed, one choice; Responses only with `store: false` and no `previous_response_id`, `conversation` or `background`.', () => {
    expect(isSafeToCache('embeddings', { input: 'text' })).toBe(true)
    expect(isSafeToCache('chat', {})).toBe('not-repeatable')
    expect(isSafeToCache('chat', { temperature: 0.1 })).toBe('not-repeatable')
    expect(isSafeToCache('chat', { temperature: 0 })).toBe(true)
    expect(isSafeToCache('chat', { temperature: 1, seed: 0 })).toBe(true)
    expect(isSafeToCache('chat', { temperature: 0, n: 1 })).toBe(true)
    expect(isSafeToCache('chat', { temperature: 0, n: 2 })).toBe('several-choices')
    expect(isSafeToCache('completions', { temperature: 0, best_of: 3 })).toBe('several-choices')
    expect(isSafeToCache('chat', { temperature: 0, store: true })).toBe('stateful')
    expect(isSafeToCache('responses', { temperature: 0 })).toBe('stateful')
    expect(isSafeToCache('responses', { store: false, previous_response_id: null, background: false })).toBe(
      true,
    )
    for (const more of [{ previous_response_id: 'r' }, { conversation: 'c' }, { background: true }]) {
      expect(isSafeToCache('responses', { store: false, ...more })).toBe('stateful')
    }
  })

  it("28. By default an answer of any but the first target is not kept under the first target's name.", async () => {
    const cache = createCache<Uint8Array>()
    const ask = async (target: string, keepFallbackAnswers?: boolean): Promise<true | string> => {
      const { body, kept } = await cache.record('gpt-4', () => ({ head: { target }, body: once(chat) }), {
        isComplete: (chunks) =>
          answerRefusal(answer({ chunks, target, firstTarget: 'gpt-4' }), { keepFallbackAnswers }) ?? true,
      })
      await readAll(body)
      return kept
    }
    expect(await ask('gpt-3.5-turbo')).toBe('fallback')
    expect(await cache.replay('gpt-4')).toBeUndefined()
    expect(await ask('gpt-4')).toBe(true)
    expect(await cache.replay('gpt-4')).toMatchObject({ head: { target: 'gpt-4' } })
    await cache.clear()
    expect(await ask('gpt-3.5-turbo', true)).toBe(true)
  })

  it('refuses JSON that is an error, cut, empty, filtered or at its length limit', () => {
    const refusal = (text: string, more: Partial<LlmAnswer> = {}): string | undefined =>
      answerRefusal(answer({ chunks: [bytes(text)], ...more }))
    expect(refusal(chat)).toBeUndefined()
    expect(refusal(chat, { status: 500 })).toBe('status')
    expect(refusal(chat.slice(0, -1))).toBe('incomplete')
    expect(refusal('')).toBe('incomplete')
    expect(refusal('{"choices":[]}')).toBe('incomplete')
    expect(refusal('{"error":{"message":"overloaded"}}')).toBe('error')
    expect(refusal(`${chat.slice(0, -1)},"error":null}`)).toBeUndefined()
    expect(refusal('{"data":[]}', { operation: 'embeddings' })).toBe('incomplete')
    expect(refusal('{"data":[{"embedding":[1]}]}', { operation: 'embeddings' })).toBeUndefined()
    const finish = (reason: string): string => chat.replace('stop', reason)
    expect(refusal(finish('length'))).toBe('length')
    expect(answerRefusal(answer({ chunks: [bytes(finish('length'))] }), { keepLength: true })).toBeUndefined()
    expect(refusal(finish('content_filter'))).toBe('content-filter')
    const two = '{"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"length"}]}'
    expect(refusal(two)).toBe('length')
  })

  it('refuses a stream that ends without proof for every choice, in the middle of an event, or with an error', () => {
    const event = (data: string): string => `data: ${data}\r\n\r\n`
    const delta = (index: number, finish: string | null): string =>
      event(
        `{"choices":[{"index":${index},"delta":{"content":"x"},"finish_reason":${JSON.stringify(finish)}}]}`,
      )
    const refusal = (...texts: string[]): string | undefined =>
      answerRefusal(answer({ stream: true, chunks: texts.map(bytes) }))
    expect(refusal(delta(0, null), delta(0, 'stop'))).toBeUndefined()
    expect(refusal(': ping\n\n', delta(0, null), delta(0, 'stop'), event('[DONE]'))).toBeUndefined()
    expect(refusal(delta(0, null))).toBe('incomplete')
    expect(refusal(delta(0, null), event('[DONE]'))).toBe('incomplete')
    expect(refusal(delta(0, 'stop'), delta(1, null))).toBe('incomplete')
    expect(refusal(delta(0, 'stop'), 'data: {"choices":[],"usage"')).toBe('incomplete')
    expect(refusal(delta(0, 'stop'), event('{"error":{"message":"x"}}'))).toBe('error')
    expect(refusal()).toBe('incomplete')
  })
})

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield bytes(text)
}
