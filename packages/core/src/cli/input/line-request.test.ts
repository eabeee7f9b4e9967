import { describe, expect, it } from 'vitest'
import type { LineDefaults } from '../arguments.ts'
import { requestOfLine } from './line-request.ts'

const DEFAULTS: LineDefaults = {
  model: 'gpt-4',
  system: undefined,
  maxTokens: undefined,
  url: undefined,
  onlyUrl: undefined,
}
const messages = [{ role: 'user', content: 'Hi' }]
const requestOf = (value: unknown, more: Partial<LineDefaults> = {}): unknown =>
  requestOfLine(value, 7, { ...DEFAULTS, ...more })

describe('requestOfLine', () => {
  it.each<[string, unknown, unknown]>([
    ['a text', 'Hi', { custom_id: 'line-7', body: { model: 'gpt-4', messages } }],
    ['a prompt', { id: 'a', prompt: 'Hi' }, { custom_id: 'a', body: { model: 'gpt-4', messages } }],
    ['a prompt with a model', { prompt: 'Hi', model: 'm' }, { body: { model: 'm', messages } }],
    ['a number for an id', { id: 12, prompt: 'Hi' }, { custom_id: '12' }],
    [
      'the largest number for an id',
      { id: 9_007_199_254_740_991, prompt: 'Hi' },
      { custom_id: '9007199254740991' },
    ],
    ['a fraction for an id', { id: 1.5, prompt: 'Hi' }, { custom_id: '1.5' }],
    [
      'the body of a chat',
      { messages, temperature: 0 },
      { url: '/v1/chat/completions', body: { temperature: 0 } },
    ],
    ['a body with input', { input: 'Hi' }, { url: '/v1/responses', body: { model: 'gpt-4', input: 'Hi' } }],
    [
      'input for a model of embeddings',
      { input: 'Hi', model: 'text-embedding-3-small' },
      { url: '/v1/embeddings' },
    ],
    [
      'a line of the Batch API',
      { custom_id: 'c', method: 'POST', url: '/v1/embeddings', body: { input: 'Hi', model: 'e' } },
      { custom_id: 'c', url: '/v1/embeddings', body: { input: 'Hi', model: 'e' } },
    ],
    ...['/chat/completions', '/openai/v1/chat/completions', '/v1/chat/completions/'].map(
      (url): [string, unknown, unknown] => [
        `a line of Azure's Batch API, for ${url}`,
        { custom_id: 'c', method: 'POST', url, body: { messages, model: 'm' } },
        { custom_id: 'c', url: '/v1/chat/completions' },
      ],
    ),
    [
      'a line of the Batch API without method and url',
      { body: { messages } },
      { url: '/v1/chat/completions' },
    ],
  ])('converts %s to a request', (_, value, expected) => {
    expect(requestOf(value)).toMatchObject(expected as object)
  })

  it('sets only what the line does not', () => {
    const more = { system: 'Be brief.', maxTokens: 5, url: '/v1/chat/completions' } as const
    expect(requestOf('Hi', more)).toMatchObject({
      body: { messages: [{ role: 'system', content: 'Be brief.' }, ...messages], max_completion_tokens: 5 },
    })
    const own = { model: 'm', messages, max_tokens: 9 }
    expect(requestOf(own, more)).toEqual({ custom_id: 'line-7', url: '/v1/chat/completions', body: own })
    expect(requestOf({ input: 'Hi' }, { maxTokens: 5 })).toMatchObject({ body: { max_output_tokens: 5 } })
    expect(requestOf({ input: 'Hi', model: 'embed' }, { maxTokens: 5 })).toMatchObject({
      body: { input: 'Hi', model: 'embed' },
    })
  })

  it.each<[unknown, RegExp]>([
    [7, /is neither an object nor a text/],
    [null, /is neither an object nor a text/],
    [[], /is neither an object nor a text/],
    [{}, /has none of "prompt", "messages", "input" and "body"/],
    [{ prompt: 7 }, /"prompt" that is no text/],
    [{ prompt: 'Hi', temperature: 0 }, /would have no effect: use "messages"/],
    [{ messages: 'Hi' }, /"messages" that are no list/],
    [{ messages, stream: true }, /has "stream"/],
    [{ messages, model: 7 }, /"model" that is no name/],
    [{ body: 'Hi' }, /"body" that is no object/],
    [{ body: { messages }, method: 'GET' }, /"method" that is not POST/],
    [{ body: { messages }, url: '/v1/images' }, /"url" that is not one of/],
    [{ body: { input: 'Hi' }, url: '/v1/chat/completions' }, /has no "messages"/],
    [{ id: '', prompt: 'Hi' }, /neither a text nor a number/],
    [{ id: {}, prompt: 'Hi' }, /neither a text nor a number/],
    [{ id: null, prompt: 'Hi' }, /neither a text nor a number/],
    [JSON.parse('{"id":1234567890123456789,"prompt":"one"}'), /put it in quotation marks/],
    [JSON.parse('{"id":9007199254740993,"prompt":"one"}'), /put it in quotation marks/],
    [JSON.parse('{"custom_id":-1e300,"prompt":"one"}'), /put it in quotation marks/],
    [JSON.parse('{"id":0.12345678901234567,"prompt":"one"}'), /put it in quotation marks/],
    [JSON.parse('{"id":1e999,"prompt":"one"}'), /put it in quotation marks/],
    [{ id: 'line-3', prompt: 'Hi' }, /an id of the form line-<number>/],
  ])('rejects what is not a request, and repeats nothing of it: %j', (value, message) => {
    expect(() => requestOf(value)).toThrow(message)
  })

  it('names the line and the option if a model is missing', () => {
    expect(() => requestOf('Hi', { model: undefined })).toThrow(/^line 7 names no model\. Give --model/)
  })

  it('accepts one endpoint in a run through the Batch API', () => {
    expect(() => requestOf({ input: 'Hi' }, { onlyUrl: '/v1/chat/completions' })).toThrow(/one endpoint/)
  })
})
