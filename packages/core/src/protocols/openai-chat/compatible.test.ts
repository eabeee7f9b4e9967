import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../../base/json.ts'
import { formatOf, settleProvider } from '../../targets/providers.ts'
import type { ProviderFormat, ProviderKind } from '../protocol.ts'
import { operationOfBody } from '../registry.ts'

const CHAT = operationOfBody({ messages: [] })

function at(kind: ProviderKind, baseURL?: string): ProviderFormat {
  const provider = settleProvider('p', { apiKey: 'k', kind, baseURL })
  if (!provider) throw new Error('The provider has a key.')
  return formatOf(provider, CHAT)
}

const ANTHROPIC = at('anthropic')
const GOOGLE = at('google')
const BASE = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
const SCHEMA = { type: 'json_schema', json_schema: { name: 'a', schema: {} } }
const STRICT = [{ type: 'function', function: { name: 'f', strict: true } }]

function withPart(type: string): JsonBody {
  return { messages: [{ role: 'user', content: [{ type }] }] }
}

describe('a request whose parameter a compatible endpoint ignores', () => {
  it.each<[string, JsonBody]>([
    ['n > 1', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['logprobs', { top_logprobs: 3 }],
    ['audio output', { audio: { voice: 'a', format: 'wav' } }],
    ['audio output', { modalities: ['text', 'audio'] }],
    ['web_search_options', { web_search_options: {} }],
  ])('cannot be served by Anthropic or Google: %s', (what, more) => {
    const body = { ...BASE, ...more }
    expect(CHAT.endpoint.whyUnable?.(body, ANTHROPIC)).toContain(`ignores ${what}, at`)
    expect(CHAT.endpoint.whyUnable?.(body, GOOGLE)).toContain(`ignores ${what}, at`)
  })

  it.each<[string, JsonBody]>([
    ['response_format', { response_format: { type: 'json_object' } }],
    ['response_format', { response_format: SCHEMA }],
    ['strict of tools', { tools: STRICT }],
    ['strict of tools', { functions: [{ name: 'f', strict: true }] }],
    ['audio in messages', withPart('input_audio')],
    ['files in messages', withPart('file')],
  ])('cannot be served by Anthropic, and can by Google: %s', (what, more) => {
    const body = { ...BASE, ...more }
    expect(CHAT.endpoint.whyUnable?.(body, ANTHROPIC)).toContain(`ignores ${what}, at`)
    expect(CHAT.endpoint.whyUnable?.(body, GOOGLE)).toBeUndefined()
  })

  it('can be served where the value changes nothing, and by every other provider', () => {
    const harmless = {
      ...BASE,
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      audio: null,
      modalities: ['text'],
      response_format: { type: 'text' },
      tools: [{ type: 'function', function: { name: 'f', strict: false } }],
    }
    expect(CHAT.endpoint.whyUnable?.(harmless, ANTHROPIC)).toBeUndefined()
    const harmful = { ...BASE, n: 2, response_format: SCHEMA }
    for (const other of [
      at('openai'),
      at('openai', 'https://a.example/v1'),
      at('azure', 'https://a.example'),
    ])
      expect(CHAT.endpoint.whyUnable?.(harmful, other)).toBeUndefined()
  })

  it("is recognised at the vendor's address also for an entry of kind openai", () => {
    const entry = at('openai', 'https://api.anthropic.com/v1/')
    expect(CHAT.endpoint.whyUnable?.({ ...BASE, n: 2 }, entry)).toContain('ignores n > 1')
  })

  it('cannot be served anywhere but at OpenAI as an older completion', () => {
    const completions = operationOfBody({ prompt: 'a' })
    expect(completions.endpoint.whyUnable?.({ prompt: 'a' }, ANTHROPIC)).toContain('older Completions API')
    expect(completions.endpoint.whyUnable?.({ prompt: 'a' }, at('openai'))).toBeUndefined()
  })
})

describe('tuning that a compatible endpoint ignores', () => {
  function adapted(body: JsonBody, provider: ProviderFormat): [JsonBody, readonly string[]] {
    const adaptations: string[] = []
    return [CHAT.endpoint.adaptBody({ ...BASE, ...body }, 'm', provider, adaptations), adaptations]
  }

  it('is dropped or lowered for Anthropic, and reported', () => {
    const tuning = {
      seed: 1,
      temperature: 1.5,
      presence_penalty: 0.5,
      reasoning_effort: 'low',
      user: 'u',
      stop: 'x',
    }
    expect(adapted(tuning, ANTHROPIC)).toEqual([
      { ...BASE, stop: 'x', temperature: 1 },
      [
        'dropped seed',
        'dropped presence_penalty',
        'dropped reasoning_effort',
        'dropped user',
        'temperature 1.5 sent as 1',
      ],
    ])
  })

  it('is dropped for Google, which refuses parameters that it does not know', () => {
    const tuning = { seed: 1, temperature: 1.5, frequency_penalty: 0.5, reasoning_effort: 'low' }
    expect(adapted(tuning, GOOGLE)).toEqual([
      { ...BASE, temperature: 1.5, reasoning_effort: 'low' },
      ['dropped seed', 'dropped frequency_penalty'],
    ])
  })

  it('is sent unchanged to other providers, and a request without any is not copied', () => {
    const tuning = { seed: 1, temperature: 1.5 }
    expect(adapted(tuning, at('openai'))).toEqual([{ ...BASE, ...tuning }, []])
    expect(CHAT.endpoint.adaptBody(BASE, 'm', ANTHROPIC, [])).toBe(BASE)
  })

  it.each<[ProviderKind, JsonBody, JsonBody, readonly string[]]>([
    ['anthropic', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }, []],
    ['anthropic', { max_tokens: 9 }, { max_tokens: 9 }, []],
    ['google', { max_completion_tokens: 9 }, { max_tokens: 9 }, ['max_completion_tokens sent as max_tokens']],
    ['google', { max_tokens: 9 }, { max_tokens: 9 }, []],
  ])('leaves the output limit under a name that %s accepts: %j', (kind, given, expected, notes) => {
    expect(adapted(given, at(kind))).toEqual([{ ...BASE, ...expected }, notes])
  })
})
