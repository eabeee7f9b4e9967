import { describe, expect, it } from 'vitest'
import type { ProviderOptions } from '../options/provider-options.ts'
import { settleProvider } from './providers.ts'

function rootsOf(options: ProviderOptions): Record<string, string> {
  const { formats } = settleProvider('entry', { apiKey: 'k', ...options }) ?? { formats: [] }
  return Object.fromEntries([...formats].map(([protocol, { baseURL }]) => [protocol, baseURL]))
}

function openaiRoots(root: string): Record<string, string> {
  return { 'openai-chat': root, 'openai-responses': root, 'openai-embeddings': root }
}

const ANTHROPIC = 'https://api.anthropic.com'
const GOOGLE = 'https://generativelanguage.googleapis.com'
const ON_ANTHROPIC = { 'anthropic-messages': ANTHROPIC, 'openai-chat': `${ANTHROPIC}/v1` }
const ON_GOOGLE = {
  'gemini-generate': GOOGLE,
  'openai-chat': `${GOOGLE}/v1beta/openai`,
  'openai-embeddings': `${GOOGLE}/v1beta/openai`,
}

describe('the protocols that a provider serves', () => {
  it.each<[string, ProviderOptions, Record<string, string>]>([
    ['no kind', {}, openaiRoots('https://api.openai.com/v1')],
    ['openai at another address', { baseURL: 'https://a.example/v1/' }, openaiRoots('https://a.example/v1')],
    ['azure', { kind: 'azure', baseURL: 'https://r.example/' }, openaiRoots('https://r.example')],
    ['anthropic', { kind: 'anthropic' }, ON_ANTHROPIC],
    ['anthropic with a version', { kind: 'anthropic', baseURL: `${ANTHROPIC}/v1` }, ON_ANTHROPIC],
    ['anthropic with a slash', { kind: 'anthropic', baseURL: `${ANTHROPIC}/v1/` }, ON_ANTHROPIC],
    ['google', { kind: 'google' }, ON_GOOGLE],
    ['google with a version', { kind: 'google', baseURL: `${GOOGLE}/v1beta` }, ON_GOOGLE],
    ['google with another version', { kind: 'google', baseURL: `${GOOGLE}/v1/` }, ON_GOOGLE],
    [
      'anthropic at a gateway, whose path is kept',
      { kind: 'anthropic', baseURL: 'https://g.example/anthropic/v1' },
      { 'anthropic-messages': 'https://g.example/anthropic' },
    ],
    [
      'google at a gateway',
      { kind: 'google', baseURL: 'https://g.example/gemini/v1beta' },
      { 'gemini-generate': 'https://g.example/gemini' },
    ],
    [
      'a host that only looks like the vendor',
      { kind: 'anthropic', baseURL: 'https://api.anthropic.com.example' },
      { 'anthropic-messages': 'https://api.anthropic.com.example' },
    ],
  ])('follow from its kind: %s', (_, options, expected) => {
    expect(rootsOf(options)).toEqual(expected)
  })

  it('are added to, or get another address, by its endpoints', () => {
    const endpoints = {
      'anthropic-messages': 'https://b.example/v1/',
      'openai-chat': 'https://c.example/v1/',
    }
    expect(rootsOf({ baseURL: 'https://a.example/v1', endpoints })).toEqual({
      ...openaiRoots('https://a.example/v1'),
      'anthropic-messages': 'https://b.example',
      'openai-chat': 'https://c.example/v1',
    })
  })

  it('are only its endpoints where neither a kind nor an address is given, so that its key goes nowhere else', () => {
    const endpoints = { 'openai-chat': 'https://c.example/v1', 'openai-responses': undefined }
    expect(rootsOf({ endpoints })).toEqual({ 'openai-chat': 'https://c.example/v1' })
  })
})
