import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../../base/json.ts'
import { cacheTtlOf } from './cache-ttl.ts'

const part = (fields: object): object => ({ type: 'text', text: 'Hi', ...fields })
const message = (...content: object[]): JsonBody => ({ messages: [{ role: 'user', content }] })

describe('cacheTtlOf', () => {
  it.each<[string, JsonBody, string]>([
    ['no mark', message(part({})), '30m'],
    ['a text', { input: 'Hi' }, '30m'],
    ['a longer time for the request', { input: 'Hi', prompt_cache_options: { ttl: '12h' } }, '12h'],
    ['options without a time', { input: 'Hi', prompt_cache_options: { mode: 'explicit' } }, '30m'],
    [
      'one part with a longer time',
      message(part({}), part({ prompt_cache_breakpoint: { ttl: '12h' } })),
      '12h',
    ],
    ['a mark of Anthropic', message(part({ cache_control: { type: 'ephemeral' } })), '5m'],
    [
      'a mark of Anthropic for an hour',
      message(part({ cache_control: { type: 'ephemeral', ttl: '1h' } })),
      '1h',
    ],
    [
      'marks for several times',
      message(
        part({ cache_control: {} }),
        part({ cache_control: { ttl: '1h' } }),
        part({ cache_control: { ttl: '5m' } }),
      ),
      '1h',
    ],
    ['a marked message', { input: [{ role: 'user', content: 'Hi', cache_control: { ttl: '1h' } }] }, '1h'],
    ['a marked tool', { messages: [], tools: [{ type: 'function', cache_control: { ttl: '1h' } }] }, '1h'],
    ['a time that is new', { input: 'Hi', prompt_cache_options: { ttl: '48h' } }, '12h'],
    ['marks that make no sense', { messages: 7, tools: [null], cache_control: 'x' }, '30m'],
  ])('finds the most expensive time of %s', (_, body, ttl) => {
    expect(cacheTtlOf(body)).toBe(ttl)
  })
})
