import { describe, expect, it } from 'vitest'
import { parseRecord, type JsonBody } from '../../base/json.ts'
import { requestedTtl } from './cache-ttl.ts'

const MARKS = { cache_control: '5m', prompt_cache_options: '30m', prompt_cache_breakpoint: '30m' } as const
const part = (fields: object): object => ({ type: 'text', text: 'Hi', ...fields })
const message = (...content: object[]): JsonBody => ({ messages: [{ role: 'user', content }] })

describe('requestedTtl', () => {
  it.each<[string, JsonBody, string | undefined]>([
    ['no mark', message(part({})), undefined],
    ['a text', { input: 'cache_control' }, undefined],
    ['a time for the request', { input: 'Hi', prompt_cache_options: { ttl: '12h' } }, '12h'],
    ['options without a time', { input: 'Hi', prompt_cache_options: { mode: 'explicit' } }, '30m'],
    [
      'one part with a longer time',
      message(part({}), part({ prompt_cache_breakpoint: { ttl: '12h' } })),
      '12h',
    ],
    ['a mark of Anthropic', message(part({ cache_control: { type: 'ephemeral' } })), '5m'],
    ['a mark for an hour', message(part({ cache_control: { type: 'ephemeral', ttl: '1h' } })), '1h'],
    [
      'marks for several times',
      message(
        part({ cache_control: {} }),
        part({ cache_control: { ttl: '1h' } }),
        part({ cache_control: null }),
      ),
      '1h',
    ],
    ['a marked request', { cache_control: { type: 'ephemeral' }, messages: [] }, '5m'],
    ['a marked system prompt', { system: [part({ cache_control: { ttl: '1h' } })], messages: [] }, '1h'],
    ['a marked tool', { messages: [], tools: [{ name: 'f', cache_control: { ttl: '1h' } }] }, '1h'],
    [
      'a mark in the result of a tool',
      message({ type: 'tool_result', content: [part({ cache_control: { ttl: '1h' } })] }),
      '1h',
    ],
    [
      'a mark in an output',
      { input: [{ output: [part({ prompt_cache_breakpoint: { ttl: '12h' } })] }] },
      '12h',
    ],
    ['a time that is new', { input: 'Hi', prompt_cache_options: { ttl: '48h' } }, '12h'],
    ['marks that make no sense', { messages: 7, tools: [null], cache_control: 'x' }, undefined],
    ['fields named like properties', { constructor: { ttl: '1h' }, toString: {} }, undefined],
  ])('finds the most expensive time of %s', (_, body, ttl) => {
    expect(requestedTtl(body, MARKS)).toBe(ttl)
  })

  it('reads a body that is nested very deeply', () => {
    const depth = 5_000
    const nested = `${'{"a":['.repeat(depth)}{"cache_control":{"ttl":"1h"}}${']}'.repeat(depth)}`
    expect(requestedTtl(parseRecord(nested) ?? {}, MARKS)).toBe('1h')
  })
})
