import { describe, expect, it } from 'vitest'
import { addressForModel } from './endpoint.ts'

const AZURE = 'https://r.openai.azure.com/openai/deployments/main/chat/completions?api-version=1'

describe('addressForModel', () => {
  it.each([
    ["Azure's deployment", AZURE, 'main', 'spare', AZURE.replace('main', 'spare')],
    [
      'a deployment that is not named like the model',
      AZURE,
      'gpt-4',
      'spare',
      AZURE.replace('main', 'spare'),
    ],
    ['a deployment of a request without a model', AZURE, undefined, 'spare', AZURE.replace('main', 'spare')],
    ['a deployment that needs escaping', AZURE, 'main', 'a b', AZURE.replace('main', 'a%20b')],
    [
      'a root that ends with the deployment',
      'https://r/openai/deployments/main',
      'main',
      'b',
      'https://r/openai/deployments/b',
    ],
    [
      'a model with a slash',
      'https://h/models/meta/llama/v1/chat/completions',
      'meta/llama',
      'x/y',
      'https://h/models/x/y/v1/chat/completions',
    ],
    ['an escaped model', 'https://h/m/meta%2Fllama/v1?k=1', 'meta/llama', 'x/y', 'https://h/m/x%2Fy/v1?k=1'],
    ['no path at all', 'https://h/v1/chat/completions', 'gpt-4', 'spare', 'https://h/v1/chat/completions'],
    ['a host that is named like the model', 'https://main/v1/chat', 'main', 'spare', 'https://main/v1/chat'],
    ['a part of a segment', 'https://h/main-2/v1', 'main', 'spare', 'https://h/main-2/v1'],
    ['a query', 'https://h/v1?x=/main/', 'main', 'spare', 'https://h/v1?x=/main/'],
    ['the same model', AZURE, 'gpt-4', 'gpt-4', AZURE],
  ])('replaces the model in %s', (_where, url, asked, model, expected) => {
    expect(addressForModel(url, asked, model)).toBe(expected)
  })
})
