import { describe, expect, it } from 'vitest'
import { perCall, receiptOf } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { hello, serveByKey, WAYS } from './helpers/key-server.ts'

const KEYS = ['key-a', 'key-b', 'key-c']
const LIMITED = { status: 429, headers: { 'retry-after': '20' } }

describe.each(WAYS)('a call with several keys ($name)', ({ open }) => {
  it('uses the key that was used least recently when it belongs to no conversation', async () => {
    const server = await serveByKey()
    const { client, model } = open(server.baseURL, KEYS)
    for (let call = 0; call < 6; call++) await client.chat.completions.create(hello(model))
    expect(server.keys()).toEqual([...KEYS, ...KEYS])
  })

  it('uses one key for all calls of a conversation, and several for several conversations', async () => {
    const server = await serveByKey()
    const { client, model } = open(server.baseURL, KEYS)
    const used = new Map<string, Set<string>>()
    for (let call = 0; call < 40; call++) {
      const conversation = `conversation ${call % 20}`
      await client.chat.completions.create(hello(model, { prompt_cache_key: conversation }))
      const keys = used.get(conversation) ?? new Set()
      used.set(conversation, keys.add(server.keys().at(-1) ?? ''))
    }
    expect([...used.values()].every(({ size }) => size === 1)).toBe(true)
    expect(new Set([...used.values()].flatMap((keys) => [...keys])).size).toBe(3)
  })

  it.each([
    ['a rate limit', LIMITED],
    ['a used-up quota', { status: 429, code: 'insufficient_quota' }],
    ['a refused key', 401],
  ])('tries another key at once after %s, and passes the first one over afterwards', async (_, answer) => {
    const server = await serveByKey({ 'key-a': answer })
    const { client, model } = open(server.baseURL, KEYS)
    const startedAt = performance.now()
    const { response } = await client.chat.completions.create(hello(model)).withResponse()
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(server.keys()).toEqual(['key-a', 'key-b'])
    expect(receiptOf(response)?.attempts).toMatchObject([{ keyIndex: 0 }, { keyIndex: 1 }])
    for (let call = 0; call < 4; call++) await client.chat.completions.create(hello(model))
    expect(server.keys().slice(2)).not.toContain('key-a')
  })

  it('tries one other key after a 401, not all', async () => {
    const server = await serveByKey({ 'key-a': 401, 'key-b': 401, 'key-c': 401 })
    const { client, model } = open(server.baseURL, KEYS)
    expect(await failureOf(client.chat.completions.create(hello(model)))).toMatchObject({ status: 401 })
    expect(server.keys()).toEqual(['key-a', 'key-b'])
  })
})

describe.each(WAYS.slice(0, 2))('perCall ($name)', ({ open }) => {
  it('names the conversation that keeps its key', async () => {
    const server = await serveByKey()
    const { client, model } = open(server.baseURL, KEYS)
    for (let call = 0; call < 4; call++)
      await client.chat.completions.create(hello(model), perCall({ session: 'one' }))
    expect(new Set(server.keys()).size).toBe(1)
  })
})
