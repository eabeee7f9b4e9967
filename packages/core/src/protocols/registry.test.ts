import { describe, expect, it } from 'vitest'
import type { Operation } from './protocol.ts'
import { operationOf as find, operationOfBody } from './registry.ts'

const BODY = { model: 'm' }

/** OpenAI's protocols are loaded from the start. */
function operationOf(...request: Parameters<typeof find>): Operation {
  const operation = find(...request)
  if (operation instanceof Promise) throw new Error('The protocol is not loaded.')
  return operation
}

describe('operationOf', () => {
  it.each([
    ['https://api.openai.com/v1/chat/completions', 'chat'],
    ['https://openrouter.ai/api/v1/chat/completions', 'chat'],
    ['https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21', 'chat'],
    ['https://api.deepseek.com/chat/completions#top', 'chat'],
    ['https://api.openai.com/v1/completions', 'completions'],
    ['https://api.openai.com/v1/responses', 'responses'],
    ['https://api.openai.com/v1/embeddings', 'embeddings'],
  ] as const)('judges a POST to %s as %s, and repeats it once in doubt', (url, name) => {
    expect(operationOf('POST', url, BODY)).toMatchObject({
      name,
      checksAnswers: true,
      portable: true,
      ambiguousRetries: 1,
    })
  })

  it.each([
    'https://api.openai.com/v1/files',
    'https://api.openai.com/v1/batches',
    'https://api.openai.com/v1/moderations',
    'https://api.openai.com/v1/responses/resp_1/cancel',
    'https://api.openai.com/v1/images/generations?next=/chat/completions',
    'https://api.openai.com/v1/audio/speech',
  ])('hands a POST to %s through, and never repeats it in doubt', (url) => {
    expect(operationOf('POST', url, BODY)).toMatchObject({
      name: 'other',
      checksAnswers: false,
      portable: false,
      ambiguousRetries: 0,
    })
  })

  it.each(['GET', 'HEAD', 'OPTIONS'])('repeats %s as often as it likes: it only reads', (method) => {
    expect(operationOf(method, 'https://api.openai.com/v1/chat/completions', undefined)).toMatchObject({
      name: 'other',
      checksAnswers: false,
      portable: false,
      ambiguousRetries: Infinity,
    })
  })

  it.each(['DELETE', 'PUT', 'PATCH'])('never repeats %s in doubt', (method) => {
    expect(operationOf(method, 'https://api.openai.com/v1/responses', BODY).ambiguousRetries).toBe(0)
  })

  it('does not judge a body that it cannot read', () => {
    expect(operationOf('POST', 'https://api.openai.com/v1/chat/completions', undefined).checksAnswers).toBe(
      false,
    )
  })

  it.each<[object, number]>([
    [{}, 1],
    [{ store: true }, 1],
    [{ previous_response_id: null, conversation: null, background: false }, 1],
    [{ previous_response_id: 'resp_1' }, 0],
    [{ conversation: 'conv_1' }, 0],
    [{ conversation: { id: 'conv_1' } }, 0],
    [{ background: true }, 0],
  ])('knows whether a response continues something at the provider: %j', (fields, ambiguousRetries) => {
    expect(operationOf('POST', 'https://api.openai.com/v1/responses', { ...BODY, ...fields })).toMatchObject({
      name: 'responses',
      checksAnswers: true,
      portable: ambiguousRetries > 0,
      ambiguousRetries,
    })
  })

  it.each<[object, string]>([
    [{ messages: [] }, 'chat'],
    [{ prompt: 'Hi' }, 'completions'],
    [{ input: 'Hi' }, 'responses'],
    [{}, 'other'],
  ])('recognises a body without an address by its fields: %j', (body, name) => {
    expect(operationOfBody(body as Record<string, unknown>).name).toBe(name)
  })

  it('knows it for responses alone', () => {
    const body = { ...BODY, background: true }
    expect(operationOf('POST', 'https://api.openai.com/v1/chat/completions', body).ambiguousRetries).toBe(1)
  })
})
