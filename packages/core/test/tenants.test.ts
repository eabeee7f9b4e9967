import { describe, expect, it } from 'vitest'
import { Harbor, receiptOf } from '../src/index.ts'
import { failureOf } from './helpers/expect-failure.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { answerFor, ask, chat, tenantOf, WAYS } from './helpers/tenant-clients.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const FORMS = [
  ['JSON', false],
  ['stream', true],
] as const

describe.each(WAYS)('two tenants by $name', ({ open }) => {
  it.each(FORMS)('get only their own cached answers (%s)', async (_, stream) => {
    const { baseURL, requests } = await serve(answerFor)
    const clientFor = open(baseURL, { cache: true })
    for (const tenant of ['A', 'B', 'A', 'B'])
      expect(await ask(clientFor(tenant), 'Q', stream)).toBe(`Q for ${tenant}`)
    expect(requests.map(tenantOf)).toEqual(['A', 'B'])
  })

  it.each(FORMS)('do not share a call in flight, while callers of one tenant do (%s)', async (_, stream) => {
    const { baseURL, requests } = await serve((request, response) => {
      setTimeout(() => {
        answerFor(request, response)
      }, 5)
    })
    const clientFor = open(baseURL, { cache: true })
    const answers = await Promise.all(
      ['A', 'B', 'A', 'B'].map((tenant) => ask(clientFor(tenant), 'Q', stream)),
    )
    expect(answers).toEqual(['A', 'B', 'A', 'B'].map((tenant) => `Q for ${tenant}`))
    expect(requests.map(tenantOf).toSorted()).toEqual(['A', 'B'])
  })

  it('do not share an embedding batch', async () => {
    const { baseURL, requests } = await serve(answerFor)
    const clientFor = open(baseURL, { embeddingBatch: true })
    const embedded = (tenant: string, input: string) =>
      clientFor(tenant).embeddings.create({ model: 'e', input, encoding_format: 'float' })
    const [a, b] = await Promise.all([embedded('A', 'one'), embedded('B', 'two')])
    expect([a.data[0]?.embedding, b.data[0]?.embedding]).toEqual([[65], [66]])
    expect(requests.map(tenantOf).toSorted()).toEqual(['A', 'B'])
  })

  it('have limits of their own', async () => {
    const open_: (() => void)[] = []
    const { baseURL, requests } = await serve((request, response) => {
      open_.push(() => {
        answerFor(request, response)
      })
    })
    const clientFor = open(baseURL, { limits: { maxConcurrency: 1 } })
    const calls = ['A', 'A', 'B', 'B'].map((tenant) => ask(clientFor(tenant), 'Q'))
    await expect.poll(() => requests.map(tenantOf).toSorted()).toEqual(['A', 'B'])
    for (let answered = 0; answered < 4; answered++) {
      await expect.poll(() => open_.length).toBeGreaterThan(answered)
      open_[answered]?.()
    }
    await Promise.all(calls)
  })

  it.each([
    [404, 'model_not_found'],
    [401, 'invalid_api_key'],
    [429, 'insufficient_quota'],
  ])('have cooldowns of their own after a %i', async (status, code) => {
    const { baseURL, requests } = await serve((request, response) => {
      if (tenantOf(request) === 'A') sendJson(response, { error: { code, message: code } }, status)
      else answerFor(request, response)
    })
    const backup = await serve((request, response) => {
      answerFor(request, response, 'the backup')
    })
    const clientFor = open(baseURL, {
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/m'],
    })
    expect(await ask(clientFor('A'), 'Q')).toBe('Q for the backup')
    expect(await ask(clientFor('B'), 'Q')).toBe('Q for B')
    expect(await ask(clientFor('A'), 'Q')).toBe('Q for the backup')
    expect(requests.map(tenantOf)).toEqual(['A', 'B'])
  })

  it('do not share predictions', async () => {
    const { baseURL, requests } = await serve(answerFor)
    const clientFor = open(baseURL, { cache: true, prefetch: { minSupport: 1 } })
    for (const tenant of ['A', 'B', 'A', 'B', 'B', 'A'])
      for (const content of ['one', 'two']) {
        expect(await ask(clientFor(tenant), content)).toBe(`${content} for ${tenant}`)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    const asked = requests.map((request) => `${tenantOf(request)} ${request.body}`)
    expect(new Set(asked).size).toBe(asked.length)
  })

  it('do not share the answers of another target', async () => {
    const down = await serve((_, response) => {
      sendJson(response, { error: { message: 'down' } }, 503)
    })
    let served = 0
    const backup = await serve((request, response) => {
      const number = ++served
      setTimeout(() => {
        answerFor(request, response, `caller ${number}`)
      }, 5)
    })
    const clientFor = open(down.baseURL, {
      providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
      fallback: ['backup/m'],
      cache: { keepFallbackAnswers: true },
    })
    const answers = await Promise.all(['A', 'B'].map((tenant) => ask(clientFor(tenant), 'Q')))
    expect(answers.toSorted()).toEqual(['Q for caller 1', 'Q for caller 2'])
    expect(await ask(clientFor('A'), 'Q')).toBe(answers[0])
  })
})

describe('two tenants with keys of their own at another provider', () => {
  it('do not share its answers, limits and cooldowns', async () => {
    const { baseURL, requests } = await serve((request, response) => {
      if (tenantOf(request) === 'C') sendJson(response, { error: { code: 'model_not_found' } }, 404)
      else answerFor(request, response)
    })
    const harbor = harborFor(
      { baseURL: 'http://127.0.0.1:9/v1' },
      { cache: { when: 'always', keepFallbackAnswers: true } },
    )
    const clientFor = (apiKey: string): Harbor =>
      harbor.withOptions({ providers: { other: { apiKey, baseURL } } })
    const askOther = async (tenant: string): Promise<unknown> => {
      const reply = await clientFor(tenant).chat.completions.create(chat('Q', 'other/m'))
      return reply.choices[0]?.message.content
    }
    expect(await Promise.all(['A', 'B'].map(askOther))).toEqual(['Q for A', 'Q for B'])
    expect(await askOther('A')).toBe('Q for A')
    expect(await failureOf(askOther('C'))).toMatchObject({ status: 404 })
    expect(await askOther('B')).toBe('Q for B')
    expect(requests.map(tenantOf)).toEqual(['A', 'B', 'C'])
  })
})

describe('copies of a client', () => {
  it('use the key and base URL that they are given, wherever the client had its own', async () => {
    const first = await serve(answerFor)
    const second = await serve(answerFor)
    const entry = { apiKey: 'A', baseURL: first.baseURL }
    const harbor = harborFor(first, { apiKey: undefined, baseURL: undefined, providers: { openai: entry } })
    expect(await ask(harbor.withOptions({ apiKey: 'B' }), 'Q')).toBe('Q for B')
    expect(await ask(harbor.withOptions({ apiKey: 'B', baseURL: second.baseURL }), 'Q')).toBe('Q for B')
    expect(await ask(harbor.withOptions({ baseURL: second.baseURL }), 'Q')).toBe('Q for A')
    expect(await ask(harbor.withOptions({ providers: { openai: { apiKey: 'C' } } }), 'Q')).toBe('Q for C')
    expect(await ask(harbor.withOptions({ apiKey: 'B' }).withOptions({ timeout: 5_000 }), 'Q')).toBe(
      'Q for B',
    )
    expect(first.requests.map(tenantOf)).toEqual(['B', 'C', 'B'])
    expect(second.requests.map(tenantOf)).toEqual(['B', 'A'])
  })

  it('keep their key when providers change at run time', async () => {
    const { baseURL } = await serve(answerFor)
    const openai = { apiKey: 'A', baseURL }
    const harbor = harborFor({ baseURL }, { apiKey: undefined, baseURL: undefined, providers: { openai } })
    const copy = harbor.withOptions({ apiKey: 'B' })
    harbor.configure({ providers: { openai, more: { apiKey: 'k', baseURL } } })
    expect(await ask(copy, 'Q')).toBe('Q for B')
    expect(await ask(harbor, 'Q')).toBe('Q for A')
  })

  it('keep dataResidency', async () => {
    const harbor = new Harbor({ apiKey: 'k', dataResidency: 'global' })
    const elsewhere = (client: Harbor): string =>
      client.buildURL('/files', undefined, 'https://uploads.example/v1')
    expect(elsewhere(harbor.withOptions({ timeout: 5_000 }))).toBe(elsewhere(harbor))
    const inEurope = harbor.withOptions({ dataResidency: 'eu' })
    for (const client of [inEurope, inEurope.withOptions({ timeout: 5_000 })]) {
      expect(client.baseURL).toBe('https://eu.api.openai.com/v1')
      expect(client.explain().providers['openai']?.baseURL).toBe('https://eu.api.openai.com/v1')
    }
  })

  it.each([undefined, null, '', 'https://custom.example/v1'])(
    'refuse dataResidency beside a baseURL, as the SDK does: %j',
    (baseURL) => {
      const harbor = new Harbor({ apiKey: 'k' })
      expect(() => harbor.withOptions({ dataResidency: 'eu', baseURL })).toThrow('mutually exclusive')
      expect(harbor.withOptions({ dataResidency: null, baseURL: undefined }).baseURL).toBe(harbor.baseURL)
    },
  )
})

describe('one tenant', () => {
  it('shares answers, limits and cooldowns between copies', async () => {
    const { baseURL, requests } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { apiKey: 'A', cache: true })
    await ask(harbor, 'Q')
    await ask(harbor.withOptions({ timeout: 5_000 }), 'Q')
    await ask(harbor.withOptions({ apiKey: 'A' }), 'Q')
    expect(requests).toHaveLength(1)
  })

  it('shares answers between callers with the same cache.scope', async () => {
    const { baseURL, requests } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { apiKey: 'A', cache: { scope: 'everybody' } })
    const copies = [
      harbor,
      harbor.withOptions({ apiKey: 'B' }),
      harbor.withOptions({ defaultHeaders: { 'x-api-key': 'C' } }),
    ]
    for (const copy of copies) await ask(copy, 'Q')
    expect(requests).toHaveLength(1)
    const beta = harbor.withOptions({ defaultHeaders: { 'openai-beta': 'assistants=v9' } })
    expect(receiptOf(await beta.chat.completions.create(chat('Q')))?.cache?.status).toBe('miss')
  })
})
