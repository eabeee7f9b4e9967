import { describe, expect, it } from 'vitest'
import { Harbor, type HarborOptions } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { hello, serveByKey, WAYS, type KeyAnswer } from './helpers/key-server.ts'

const KEYS = ['key-a', 'key-b', 'key-c']

const ok = (headers: Record<string, string>): KeyAnswer => ({ status: 200, headers })
const limited = (headers: Record<string, string>, seconds = '20'): KeyAnswer => ({
  status: 429,
  headers: { 'retry-after': seconds, ...headers },
})

describe.each(WAYS)('keys of one organization ($name)', ({ open }) => {
  it.each(['openai-organization', 'openai-project', 'anthropic-organization-id', 'anthropic-workspace-id'])(
    'share a rate limit once answers have named it in %s',
    async (header) => {
      const [one, other] = [{ [header]: 'one' }, { [header]: 'other' }]
      const server = await serveByKey({ 'key-a': ok(one), 'key-b': ok(one), 'key-c': ok(other) })
      const { client, model } = open(server.baseURL, KEYS)
      for (let call = 0; call < 3; call++) await client.chat.completions.create(hello(model))
      server.answers['key-a'] = limited(one)
      server.answers['key-b'] = limited(one)
      for (let call = 0; call < 3; call++) await client.chat.completions.create(hello(model))
      expect(server.keys()).toEqual([...KEYS, 'key-a', 'key-c', 'key-c', 'key-c'])
    },
  )

  it('have limits of their own while no answer names one, or it is not a name', async () => {
    const long = { 'openai-organization': 'x'.repeat(500) }
    const server = await serveByKey(Object.fromEntries(KEYS.map((key) => [key, ok(long)])))
    const { client, model } = open(server.baseURL, KEYS)
    for (let call = 0; call < 3; call++) await client.chat.completions.create(hello(model))
    server.answers['key-a'] = limited(long)
    for (let call = 0; call < 3; call++) await client.chat.completions.create(hello(model))
    expect(server.keys()).toEqual([...KEYS, 'key-a', 'key-b', 'key-c', 'key-b'])
  })
})

function keyed(baseURL: string, options: HarborOptions = {}): Harbor {
  return harborFor({ baseURL }, { apiKey: undefined, providers: { openai: { apiKey: KEYS } }, ...options })
}

describe('stats', () => {
  it('show the keys of a target by index', async () => {
    const one = { 'openai-organization': 'one' }
    const left = { 'x-ratelimit-limit-requests': '100', 'x-ratelimit-remaining-requests': '50' }
    const server = await serveByKey({ 'key-a': ok(one), 'key-b': ok({ ...one, ...left }), 'key-c': 401 })
    const harbor = keyed(server.baseURL, { limits: {} })
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(hello('gpt-4'))
    const { targets, limits } = harbor.stats()
    expect(targets['openai/gpt-4']?.keys).toMatchObject([
      { index: 0, attempts: 2, cooldown: undefined, retryAfterMs: 0, sharesLimitsWith: [1] },
      { index: 1, attempts: 1, sharesLimitsWith: [0] },
      { index: 2, attempts: 1, cooldown: 'its credential was refused or is used up', sharesLimitsWith: [] },
    ])
    expect(targets['openai/gpt-4']?.keys?.[1]?.left).toBeCloseTo(0.5, 1)
    expect(targets['openai/gpt-4']?.keys?.[2]?.retryAfterMs).toBeGreaterThan(200_000)
    // No answer has shown whether the third key belongs to the same organization.
    expect(Object.keys(limits)).toEqual(['openai/gpt-4#0+1+2'])
    expect(JSON.stringify([harbor.stats(), harbor.explain(hello('gpt-4'))])).not.toMatch(/key-[abc]/)
  })

  it('show no keys for a provider with one key', async () => {
    const server = await serveByKey()
    const harbor = keyed(server.baseURL, { providers: { openai: { apiKey: ['key-a'] } } })
    await harbor.chat.completions.create(hello('gpt-4'))
    expect(harbor.stats().targets['openai/gpt-4']?.keys).toBeUndefined()
    expect(harbor.explain(hello('gpt-4'))).toMatchObject({
      providers: { openai: { keys: 1 } },
      targets: [{ keyIndex: undefined }],
    })
  })
})

describe('explain', () => {
  it('shows how many keys an entry has, and which one would be used', async () => {
    const server = await serveByKey({ 'key-a': 401 })
    const harbor = keyed(server.baseURL)
    expect(harbor.explain(hello('gpt-4'))).toMatchObject({
      providers: { openai: { keys: 3, hasKey: true } },
      targets: [{ keyIndex: 0, leftOut: undefined }],
    })
    await harbor.chat.completions.create(hello('gpt-4'))
    expect(harbor.explain(hello('gpt-4')).targets).toMatchObject([{ keyIndex: 2 }])
    const session = { session: 's' }
    const index = harbor.explain(hello('gpt-4'), session).targets[0]?.keyIndex
    await harbor.chat.completions.create(hello('gpt-4', { prompt_cache_key: 's' }))
    expect(server.keys().at(-1)).toBe(KEYS[index ?? -1])
  })
})

describe('configure', () => {
  it('forgets what was learned of keys, and signs with the new list', async () => {
    const one = { 'openai-organization': 'one' }
    const server = await serveByKey(Object.fromEntries(KEYS.map((key) => [key, ok(one)])))
    const harbor = keyed(server.baseURL)
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(hello('gpt-4'))
    harbor.configure({ providers: { openai: { apiKey: ['key-d', 'key-b'], baseURL: server.baseURL } } })
    for (let call = 0; call < 2; call++) await harbor.chat.completions.create(hello('gpt-4'))
    expect(server.keys().slice(3)).toEqual(['key-d', 'key-b'])
    await harbor.files.list()
    expect(server.keys().at(-1)).toBe('key-d')
    expect(harbor.stats().targets['openai/gpt-4']?.keys).toMatchObject([
      { attempts: 2, sharesLimitsWith: [] },
      { attempts: 1, sharesLimitsWith: [] },
    ])
  })
})

describe('all keys in cooldown', () => {
  it('lead to the one that is free first, after a wait until then', async () => {
    const server = await serveByKey({
      'key-a': limited({}, '30'),
      'key-b': limited({ 'retry-after-ms': '50' }, '20'),
      'key-c': limited({}, '30'),
    })
    const harbor = keyed(server.baseURL, { maxRetries: 3 })
    const failed = failureOf(harbor.chat.completions.create(hello('gpt-4')))
    expect(await failed).toMatchObject({ status: 429 })
    expect(server.keys()).toEqual(['key-a', 'key-b', 'key-c', 'key-b'])
  })

  it('let another target take over', async () => {
    const server = await serveByKey({ 'key-a': limited({}), 'key-b': limited({}), 'key-c': limited({}) })
    const harbor = keyed(server.baseURL, {
      providers: { openai: { apiKey: KEYS }, backup: { apiKey: 'backup', baseURL: server.baseURL } },
      fallback: ['backup/gpt-4'],
      attemptsBeforeFallback: 3,
    })
    await harbor.chat.completions.create(hello('gpt-4'))
    await harbor.chat.completions.create(hello('gpt-4'))
    expect(server.keys()).toEqual([...KEYS, 'backup', 'backup'])
  })
})
