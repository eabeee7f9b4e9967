import { describe, expect, it } from 'vitest'
import { operationOf } from '../wire/operation.ts'
import { estimateDelivered, estimateUsage } from './estimate.ts'

const chat = operationOf('POST', '/chat/completions', {})
const messages = [{ role: 'user', content: 'x'.repeat(400) }]

describe('estimateUsage', () => {
  it.each<[string, object, number]>([
    ['max_tokens', { max_tokens: 7 }, 7],
    ['max_completion_tokens', { max_completion_tokens: 8 }, 8],
    ['max_output_tokens', { max_output_tokens: 9 }, 9],
    ['each of several choices', { max_tokens: 7, n: 3 }, 21],
    ['nothing, and then takes the usual', {}, 1_024],
  ])('bounds the answer by %s', (_, limits, outputTokens) => {
    expect(estimateUsage({ messages, ...limits }, chat)).toMatchObject({ outputTokens })
  })

  it('takes four characters for a token, and an image for a thousand', () => {
    const { inputTokens } = estimateUsage({ messages }, chat)
    expect(inputTokens).toBeGreaterThanOrEqual(100)
    expect(inputTokens).toBeLessThan(110)
    const url = `data:image/png;base64,${'A'.repeat(1_000_000)}`
    const image = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }]
    expect(estimateUsage({ messages: image }, chat).inputTokens).toBeLessThan(1_100)
  })

  it('expects no output of embeddings', () => {
    const embeddings = operationOf('POST', '/embeddings', {})
    expect(estimateUsage({ input: ['some text', 'more'] }, embeddings)).toMatchObject({
      inputTokens: 4,
      outputTokens: 0,
    })
  })
})

describe('estimateDelivered', () => {
  it('counts what had arrived', () => {
    expect(estimateDelivered({ messages }, 12)).toMatchObject({ outputTokens: 12 })
  })
})
