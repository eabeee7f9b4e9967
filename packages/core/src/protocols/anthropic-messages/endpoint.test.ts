import { describe, expect, it } from 'vitest'
import type { ProviderFormat } from '../protocol.ts'
import { messagesEndpoint } from './endpoint.ts'

const ENDPOINT = messagesEndpoint('/v1/messages')
const URL = 'https://api.anthropic.com/v1/messages'
const VERTEX =
  'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/'

function provider(facts: Partial<ProviderFormat> = {}): ProviderFormat {
  const baseURL = 'https://spare.example/anthropic'
  return { kind: 'anthropic', native: false, baseURL, apiVersion: '', maxTokensParam: undefined, ...facts }
}

describe('the endpoint of the Messages API', () => {
  it.each([
    [URL, 'https://api.anthropic.com'],
    ['https://gateway.example/team/v1/messages?beta=true', 'https://gateway.example/team'],
    ['https://api.anthropic.com/v1/messages/count_tokens', 'https://api.anthropic.com'],
    [`${VERTEX}claude-sonnet-4-6:rawPredict`, VERTEX.replace('/publishers/anthropic/models/', '')],
  ])('finds the root of %s', (url, root) => {
    expect(ENDPOINT.rootOf(url)).toBe(root)
  })

  it.each([
    'https://spare.example/anthropic',
    'https://spare.example/anthropic/v1',
    'https://spare.example/anthropic/v1/',
  ])('means the same address by the base URL %s', (baseURL) => {
    expect(ENDPOINT.addressAt(provider({ baseURL }), URL, 'm')).toBe(
      'https://spare.example/anthropic/v1/messages',
    )
    expect(ENDPOINT.probeURL(baseURL, provider())).toBe('https://spare.example/anthropic/v1/models')
  })

  it('carries the mark of the beta API to another provider, and nothing else of the query', () => {
    expect(ENDPOINT.addressAt(provider(), `${URL}?key=secret&beta=true`, 'm')).toBe(
      'https://spare.example/anthropic/v1/messages?beta=true',
    )
    expect(ENDPOINT.addressAt(provider(), `${URL}?key=secret`, 'm')).not.toContain('?')
  })

  it.each([
    ['claude-sonnet-4-6:rawPredict', 'claude-opus-4-8', 'claude-opus-4-8:rawPredict'],
    [
      'claude-sonnet-4-5@20250929:streamRawPredict',
      'claude-haiku-4-5@20251001',
      'claude-haiku-4-5@20251001:streamRawPredict',
    ],
    ['claude-sonnet-4-6:rawPredict', 'a/b?c', 'a%2Fb%3Fc:rawPredict'],
    ['count-tokens:rawPredict', 'claude-opus-4-8', 'count-tokens:rawPredict'],
  ])('replaces the model in the path of Vertex AI: %s', (from, model, to) => {
    expect(ENDPOINT.withModel(VERTEX + from, undefined, model)).toBe(VERTEX + to)
    expect(ENDPOINT.withModel(URL, 'a', model)).toBe(URL)
  })

  it.each([
    ['anthropic', 'x-api-key', 'k1'],
    ['openai', 'authorization', 'Bearer k1'],
    ['google', 'authorization', 'Bearer k1'],
  ] as const)('signs for a provider of the kind %s with %s', (kind, header, value) => {
    const { url, headers } = ENDPOINT.signed({ url: URL, headers: new Headers() }, provider({ kind }), 'k1')
    expect(url).toBe(URL)
    expect(Object.fromEntries(headers)).toEqual({ [header]: value, 'anthropic-version': '2023-06-01' })
  })

  it('keeps the version that the caller named', () => {
    const headers = new Headers({ 'anthropic-version': '2026-10-21' })
    expect(ENDPOINT.signed({ url: URL, headers }, provider(), 'k').headers.get('anthropic-version')).toBe(
      '2026-10-21',
    )
  })

  it.each(['anthropic-version', 'anthropic-beta'])('carries %s to other providers', (name) => {
    expect(ENDPOINT.carriesHeader(name)).toBe(true)
  })

  it.each([
    'x-api-key',
    'authorization',
    'anthropic-workspace-id',
    'anthropic-user-profile-id',
    'anthropic-organization-id',
  ])('does not carry %s to other providers', (name) => {
    expect(ENDPOINT.carriesHeader(name)).toBe(false)
  })

  it('names the model in a body that came without one, and takes the version of Vertex AI out of it', () => {
    const body = { anthropic_version: 'vertex-2023-10-16', max_tokens: 1, messages: [] }
    expect(ENDPOINT.adaptBody(body, 'claude-opus-4-8', provider(), [])).toEqual({
      model: 'claude-opus-4-8',
      max_tokens: 1,
      messages: [],
    })
    expect(ENDPOINT.adaptBody(body, 'claude-opus-4-8', provider({ native: true }), [])).toBe(body)
  })

  it('returns a body for the same model unchanged', () => {
    const body = { model: 'm', messages: [] }
    expect(ENDPOINT.adaptBody(body, 'm', provider(), [])).toBe(body)
    expect(ENDPOINT.adaptBody(body, 'n', provider({ native: true }), [])).toEqual({
      model: 'n',
      messages: [],
    })
  })

  it.each([
    ['claude-sonnet-4-6', 'claude-sonnet-4'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-sonnet-4@20250514', 'claude-sonnet-4'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4'],
    ['anthropic.claude-opus-4-8', 'claude-opus-4'],
    ['anthropic/claude-opus-4-8', 'claude-opus-4'],
    ['claude-opus-4-0', 'claude-opus-4'],
    ['claude-fable-5-1', 'claude-fable-5'],
    ['claude-opus-5-5', 'claude-opus-5-5'],
    ['claude-opus-5', 'claude-opus-5'],
    ['claude-sonnet-5', 'claude-sonnet-5'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4-5'],
    ['claude-haiku-4-5@20251001', 'claude-haiku-4-5'],
    ['claude-3-5-haiku-latest', 'claude-3-5-haiku'],
    ['claude-opus-40', 'claude-opus-40'],
    ['deepseek-chat', 'deepseek-chat'],
    ['my.anthropic/model@20250101', 'my.anthropic/model@20250101'],
  ])('knows whose rate limits %s shares', (model, family) => {
    expect(ENDPOINT.quotaModelOf(model)).toBe(family)
  })
})
